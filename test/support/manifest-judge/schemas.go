// Writes the JSON schemas that kubeconform reads: those of Kubernetes's own kinds from its OpenAPI document, those of
// custom kinds from their definitions. Unknown fields are errors in all of them, unless a schema allows them.
//
//	schemas FOLDER swagger.json CRD.yaml…
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

type object = map[string]any

const objectMeta = "_definitions.json#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

func main() {
	folder, swagger, crds := os.Args[1], os.Args[2], os.Args[3:]
	document := read(swagger)
	definitions := document["definitions"].(object)
	for name, each := range definitions {
		definition := each.(object)
		closed(definition, nil)
		for _, kind := range kindsOf(definition) {
			reference := "_definitions.json#/definitions/" + name
			write(folder, kind["group"], kind["version"], kind["kind"], object{"$ref": reference})
		}
	}
	save(filepath.Join(folder, "_definitions.json"), object{"definitions": definitions})
	for _, path := range crds {
		definition := read(path)
		spec := definition["spec"].(object)
		kind := spec["names"].(object)["kind"]
		for _, version := range spec["versions"].([]any) {
			each := version.(object)
			schema := each["schema"].(object)["openAPIV3Schema"].(object)
			closed(schema, nil)
			// Of metadata, such a definition says only that it is an object.
			schema["properties"].(object)["metadata"] = object{"$ref": objectMeta}
			write(folder, spec["group"], each["name"], kind, schema)
		}
	}
}

// closed changes a schema and all below it: no unknown fields, and JSON Schema's words for a number or a text.
func closed(value any, parent object) {
	switch node := value.(type) {
	case []any:
		for _, each := range node {
			closed(each, nil)
		}
	case object:
		for name, each := range node {
			// An example may look like a schema.
			if name != "default" && name != "enum" && name != "example" {
				closed(each, node)
			}
		}
		if node["x-kubernetes-int-or-string"] == true || node["format"] == "int-or-string" {
			delete(node, "type")
			delete(node, "format")
			node["anyOf"] = []any{object{"type": "string"}, object{"type": "integer"}}
		}
		_, properties := node["properties"].(object)
		_, additional := node["additionalProperties"]
		if properties && !additional && node["x-kubernetes-preserve-unknown-fields"] != true && !isNamed(node, parent) {
			node["additionalProperties"] = false
		}
	}
}

// isNamed reports whether the node is a map of properties, one of which is called "properties".
func isNamed(node, parent object) bool {
	if parent == nil {
		return false
	}
	properties, ok := parent["properties"].(object)
	return ok && fmt.Sprintf("%p", properties) == fmt.Sprintf("%p", node)
}

func kindsOf(definition object) []object {
	list, _ := definition["x-kubernetes-group-version-kind"].([]any)
	kinds := make([]object, 0, len(list))
	for _, each := range list {
		kinds = append(kinds, each.(object))
	}
	return kinds
}

func write(folder string, group, version, kind any, schema object) {
	// kubeconform's name for the group of the core kinds.
	if group == "" {
		group = version
	}
	save(filepath.Join(folder, strings.ToLower(fmt.Sprintf("%v-%v-%v.json", group, version, kind))), schema)
}

func save(path string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		log.Fatal(err)
	}
}

func read(path string) object {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	var value object
	if err := yaml.Unmarshal(text, &value); err != nil {
		log.Fatalf("%s: %v", path, err)
	}
	return value
}
