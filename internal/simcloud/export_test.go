package simcloud

// Properties is the table that queries are held against.
var Properties = properties()

// Declarations is the table that bodies are held against.
var Declarations = declarations()
