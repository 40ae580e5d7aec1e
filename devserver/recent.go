package devserver

import "paddock/tail"

// kept is how many exceptions are remembered until somebody asks for them.
const kept = 128

// recent keeps the items that were put last.
type recent struct {
	items map[string]tail.Item
	order []string // the oldest first; those that were taken are still in it
}

func (r *recent) put(key string, it tail.Item) {
	if key == "" {
		return
	}
	if r.items == nil {
		r.items = map[string]tail.Item{}
	}
	_, again := r.items[key]
	if r.items[key] = it; again {
		return
	}
	if r.order = append(r.order, key); len(r.order) > kept {
		delete(r.items, r.order[0])
		r.order = r.order[1:]
	}
}

func (r *recent) get(key string) (tail.Item, bool) {
	it, ok := r.items[key]
	return it, ok
}

func (r *recent) take(key string) (tail.Item, bool) {
	it, ok := r.items[key]
	delete(r.items, key)
	return it, ok
}
