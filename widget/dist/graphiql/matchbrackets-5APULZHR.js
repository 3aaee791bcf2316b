import{a}from"./chunk-UU7ZHLXF.js";import"./chunk-OCISEBLZ.js";import"./chunk-IYWUY3VA.js";export default a();
