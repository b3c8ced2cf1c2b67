package simcloud

// Properties is the table that queries are held against.
var Properties = properties
