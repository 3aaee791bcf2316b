import{a}from"./chunk-HKRMPZBF.js";import"./chunk-OCISEBLZ.js";import"./chunk-IYWUY3VA.js";export default a();
