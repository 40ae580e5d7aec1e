package engine

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// The modules that are loaded with every generated worker.
//
//go:embed js/console.js js/inspect.js js/report.js
var preludeFiles embed.FS

var preludeNames = []string{"console.js", "inspect.js", "report.js"}

// generatedModules returns the main module that stands in front of a worker's
// own, and what it imports.
//
// The main module is the seam for what the engine lacks. It loads the prelude
// before any code of the user's, and its default export always exists: a
// worker that exports only classes would have its requests forwarded to the
// host in their Host header. Last it reports the exports. A class that the
// configuration declares but no module exports is only a warning to the
// engine, so somebody else has to compare the two.
func generatedModules(w Worker, reportToken string) []Module {
	dir := generatedDir(w.Modules)
	user := jsString("../" + w.mainName())
	source := fmt.Sprintf(`import "./console.js";
import { report } from "./report.js";
import * as user from %[1]s;
export * from %[1]s;
export default user.default === undefined ? {} : user.default;
report(%[2]s, %[3]s, user);
`, user, jsString(reportToken), jsString(w.Name))
	modules := []Module{{Name: dir + "/main.js", Kind: ESModule, Content: []byte(source)}}
	for _, name := range preludeNames {
		content, err := preludeFiles.ReadFile("js/" + name)
		if err != nil {
			panic(err) // embedded above
		}
		modules = append(modules, Module{Name: dir + "/" + name, Kind: ESModule, Content: content})
	}
	return modules
}

// generatedDir returns a folder that none of the worker's own modules is in.
func generatedDir(modules []Module) string {
	taken := map[string]bool{}
	for _, m := range modules {
		top, _, _ := strings.Cut(path.Clean(m.Name), "/")
		taken[top] = true
	}
	dir := "paddock"
	for n := 2; taken[dir]; n++ {
		dir = "paddock-" + strconv.Itoa(n)
	}
	return dir
}

func jsString(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings cannot fail
	}
	return string(b)
}
