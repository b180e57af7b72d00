package main

import (
	"cmp"
	"slices"

	"github.com/anishathalye/porcupine"
)

const (
	absent = iota
	present
	deleted
)

// state of a contact. done has the ops that were applied; it follows from the linearization and does not count for
// equality.
type state struct {
	phase  int
	fields [fieldCount]int32
	done   bits
}

// constraints are what the answers imply about the order, computed before the search. They reject early what could not be
// completed anyway: they change the time of a verdict, never the verdict.
type constraints struct {
	// Ops that must precede this one.
	before []bits
	// Ops that need the contact present: all must precede its delete. nil where it may be created again.
	needPresent bits
	// By field and value: the reads that saw the value, where only one op wrote it.
	readers [fieldCount]map[int32]bits
}

// newConstraints also reports whether any order is possible.
func newConstraints(ops []*op) (*constraints, bool) {
	c := unconstrained(ops)
	mayComeBack := slices.ContainsFunc(ops, func(o *op) bool { return o.Kind == createdAgain })
	if !mayComeBack {
		c.needPresent = newBits(len(ops))
		for i, o := range ops {
			if o.Outcome == "ok" && o.Kind != "create" {
				c.needPresent.add(i)
			}
		}
	}
	writers, sources := c.addSources(ops)
	if len(ops) > closureOps {
		return c, true
	}
	known := newOrder(ops)
	for i, before := range c.before {
		for j := range ops {
			if before.has(j) {
				known.add(j, i)
			}
		}
	}
	known.close(sources, writers)
	for i := range ops {
		for j := range ops {
			if known.has(j, i) {
				c.before[i].add(j)
			}
		}
	}
	return c, known.contradictory() == nil
}

// unconstrained has only the requested order.
func unconstrained(ops []*op) *constraints {
	c := &constraints{before: make([]bits, len(ops))}
	at := map[int]int{}
	for i, o := range ops {
		at[o.place] = i
	}
	for i, o := range ops {
		c.before[i] = newBits(len(ops))
		if o.After == nil {
			continue
		}
		if j, there := at[*o.After]; there {
			c.before[i].add(j)
		}
	}
	return c
}

// addSources finds reads of values that a single op wrote; that op must precede them.
func (c *constraints) addSources(ops []*op) (*[fieldCount][]int, []source) {
	var all [fieldCount][]int
	var sources []source
	for field := range fieldCount {
		c.readers[field] = map[int32]bits{}
		writers := map[int32][]int{}
		for i, o := range ops {
			if o.writes(field) {
				writers[o.Fields[field]] = append(writers[o.Fields[field]], i)
				all[field] = append(all[field], i)
			}
		}
		for i, o := range ops {
			if !o.sees(field) || len(writers[o.Fields[field]]) != 1 {
				continue
			}
			value, writer := o.Fields[field], writers[o.Fields[field]][0]
			if c.readers[field][value] == nil {
				c.readers[field][value] = newBits(len(ops))
			}
			c.readers[field][value].add(i)
			c.before[i].add(writer)
			sources = append(sources, source{writer, i, field})
		}
	}
	return &all, sources
}

// step applies an op, which is at index i of the searched list, to a contact.
func (c *constraints) step(s *state, i int, o *op) (bool, *state) {
	if !c.before[i].within(s.done, i) {
		return false, nil
	}
	next := *s
	switch {
	case o.Kind == "create":
		if s.phase != absent {
			return false, nil
		}
		next.phase = present
		copy(next.fields[:], o.Fields)
	case o.Kind == createdAgain:
		if s.phase != present {
			next.phase = present
			copy(next.fields[:], o.Fields)
		}
	case o.Outcome == "not-found":
		if s.phase == present {
			return false, nil
		}
	case s.phase != present:
		if o.Outcome != "unknown" {
			return false, nil
		}
	case o.Kind == "delete":
		if !c.needPresent.within(s.done, i) {
			return false, nil
		}
		next = state{phase: deleted}
	case o.Kind == "update":
		if !c.update(&next, s, i, o) {
			return false, nil
		}
	default:
		for field, value := range o.Fields {
			if value != unnamed && value != s.fields[field] {
				return false, nil
			}
		}
	}
	next.done = s.done.with(i)
	return true, &next
}

func (c *constraints) update(next, s *state, i int, o *op) bool {
	for field, value := range o.Fields {
		if value == unnamed || value == s.fields[field] {
			continue
		}
		if !c.readers[field][s.fields[field]].within(s.done, i) {
			return false
		}
		next.fields[field] = value
	}
	return true
}

// events returns the events in the order of the search: by time, calls before returns; of adjacent calls the one that ends
// first.
func events(ops []*op) []porcupine.Event {
	type moment struct {
		at   int64
		kind porcupine.EventKind
		i    int
	}
	moments := make([]moment, 0, 2*len(ops))
	for i, o := range ops {
		moments = append(moments, moment{o.Call, porcupine.CallEvent, i}, moment{o.end, porcupine.ReturnEvent, i})
	}
	slices.SortStableFunc(moments, func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(rank(a.kind), rank(b.kind)))
	})
	for from := 0; from < len(moments); {
		to := from
		for to < len(moments) && moments[to].kind == moments[from].kind {
			to++
		}
		run := moments[from:to]
		slices.SortStableFunc(run, func(a, b moment) int { return byEnd(ops[a.i], ops[b.i]) })
		from = to
	}
	listed := make([]porcupine.Event, len(moments))
	for n, m := range moments {
		listed[n] = porcupine.Event{Kind: m.kind, Value: m.i, Id: m.i}
	}
	return listed
}

func rank(kind porcupine.EventKind) int {
	if kind == porcupine.CallEvent {
		return 0
	}
	return 1
}

func byEnd(a, b *op) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.Call, b.Call)) }
