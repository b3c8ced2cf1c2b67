package simcloud

// Properties is the table that queries are held against.
var Properties = properties.all()

// Declarations is the table that bodies are held against.
var Declarations = func() map[string]map[string]string {
	m := map[string]map[string]string{}
	for _, of := range declarations {
		m[of.name] = of.is.all()
	}
	return m
}()

func (t table[V]) all() map[string]V {
	m := map[string]V{}
	for _, of := range t {
		m[of.name] = of.is
	}
	return m
}
