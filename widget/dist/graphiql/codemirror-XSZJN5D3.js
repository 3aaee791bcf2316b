import{a}from"./chunk-OCISEBLZ.js";import"./chunk-IYWUY3VA.js";export default a();
