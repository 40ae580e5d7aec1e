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

// mapStack maps a stack of a version that was not published.
func (r *Runtime) mapStack(v store.Version, stack string) string {
	maps := r.parseMaps(v.Modules)
	return sourcemap.MapStack(stack, func(module string) *sourcemap.Map { return maps[module] })
}

// ExplainStack maps a stack of a published version, and returns the lines of
// source around its topmost place, or "" if they are not known.
func (r *Runtime) ExplainStack(version, stack string) (mapped, codeFrame string) {
	maps := r.maps.of(version)
	lookup := func(module string) *sourcemap.Map { return maps[module] }
	if _, frame, ok := sourcemap.TopFrame(stack, lookup); ok {
		codeFrame = frame
	}
	return sourcemap.MapStack(stack, lookup), codeFrame
}
