package local

import (
	"context"
	"path"
	"strings"
	"sync"

	"paddock/internal/cfapi"
	"paddock/internal/sourcemap"
	"paddock/local/store"
)

// sourceMaps maps stacks back to sources, with the maps that were uploaded
// beside the modules. Parsed maps are kept for the versions that threw last.
type sourceMaps struct {
	rt *Runtime

	mu       sync.Mutex
	versions map[string]map[string]*sourcemap.Map // version id -> module name -> map
	order    []string                             // version ids, the oldest first
}

// keptMaps is how many versions' parsed maps are kept.
const keptMaps = 16

func newSourceMaps(r *Runtime) *sourceMaps {
	return &sourceMaps{rt: r, versions: map[string]map[string]*sourcemap.Map{}}
}

// stack maps a stack of a published version.
func (s *sourceMaps) stack(version, stack string) string {
	maps := s.of(version)
	if len(maps) == 0 {
		return stack
	}
	return sourcemap.MapStack(stack, func(module string) *sourcemap.Map { return maps[module] })
}

func (s *sourceMaps) of(version string) map[string]*sourcemap.Map {
	s.mu.Lock()
	defer s.mu.Unlock()
	if maps, ok := s.versions[version]; ok {
		return maps
	}
	modules, err := s.rt.store.VersionModules(context.Background(), version)
	if err != nil {
		s.rt.log.Warn("no source maps", "version", version, "err", err)
		return nil
	}
	if len(s.order) >= keptMaps {
		delete(s.versions, s.order[0])
		s.order = s.order[1:]
	}
	s.order = append(s.order, version)
	s.versions[version] = s.rt.parseMaps(modules)
	return s.versions[version]
}

// parseMaps parses the source maps among modules, by the module they are for.
func (r *Runtime) parseMaps(modules []store.Module) map[string]*sourcemap.Map {
	maps := map[string]*sourcemap.Map{}
	for _, m := range modules {
		if m.Type != cfapi.TypeSourceMap {
			continue
		}
		content, err := r.blobs.get(m.SHA256)
		if err != nil {
			r.log.Warn("cannot read a source map", "module", m.Name, "err", err)
			continue
		}
		parsed, err := sourcemap.Parse(content)
		if err != nil {
			r.log.Warn("cannot parse a source map", "module", m.Name, "err", err)
			continue
		}
		maps[strings.TrimSuffix(path.Clean(m.Name), ".map")] = parsed
	}
	return maps
}

// Explained is a stack that was led back to its sources.
type Explained struct {
	Calls []sourcemap.Call
	Top   sourcemap.Frame   // the topmost place in a source; zero if there is none
	Code  sourcemap.Excerpt // around Top, as far as the source is known
}

// Stack returns the calls as one text.
func (e Explained) Stack() string {
	lines := make([]string, len(e.Calls))
	for i, c := range e.Calls {
		lines[i] = c.Text
	}
	return strings.Join(lines, "\n")
}

// ExplainStack maps a stack of a published version.
func (r *Runtime) ExplainStack(version, stack string) Explained {
	return explain(stack, r.maps.of(version))
}

func explain(stack string, maps map[string]*sourcemap.Map) Explained {
	lookup := func(module string) *sourcemap.Map { return maps[module] }
	e := Explained{Calls: sourcemap.Calls(stack, lookup)}
	e.Top, e.Code, _ = sourcemap.TopFrame(stack, lookup)
	return e
}
