package app_test

import (
	"reflect"
	"strings"

	"github.com/fleetledger/fleetledger/app"
)

// useCases are the exported methods of all capabilities by their names, such as
// "Accounts.Create": of those that App has as fields, and of those it makes.
func useCases() map[string]reflect.Method {
	found := map[string]reflect.Method{}
	add := func(name string, capability reflect.Type) {
		if capability.Kind() != reflect.Pointer || !strings.HasPrefix(capability.Elem().PkgPath(), reflect.TypeFor[app.App]().PkgPath()+"/") {
			return
		}
		for m := range capability.Methods() {
			found[name+"."+m.Name] = m
		}
	}
	for f := range reflect.TypeFor[app.App]().Fields() {
		if f.IsExported() {
			add(f.Name, f.Type)
		}
	}
	for m := range reflect.TypeFor[*app.App]().Methods() {
		add(m.Name, m.Type.Out(0))
	}
	return found
}
