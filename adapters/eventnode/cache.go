package eventnode

// generations is a bounded map that forgets about the least recently used half
// when it is full. Not safe for concurrent use.
type generations[K comparable, V any] struct {
	limit int // of each generation
	young map[K]V
	old   map[K]V
}

func newGenerations[K comparable, V any](limit int) *generations[K, V] {
	return &generations[K, V]{limit: limit, young: make(map[K]V)}
}

func (g *generations[K, V]) get(k K) (V, bool) {
	if v, ok := g.young[k]; ok {
		return v, true
	}
	v, ok := g.old[k]
	if ok {
		g.put(k, v)
	}
	return v, ok
}

func (g *generations[K, V]) put(k K, v V) {
	if len(g.young) >= g.limit {
		g.old, g.young = g.young, make(map[K]V, g.limit/4)
	}
	g.young[k] = v
}

func (g *generations[K, V]) clear() {
	g.young, g.old = make(map[K]V), nil
}
