package main

// A longer history gets no closure, which would take too much time and memory; only direct constraints are used.
const closureOps = 8000

// An order is a partial order: reach[a] has all ops that must follow a.
type order struct {
	ops   []*op
	reach []bits
}

// newOrder starts with the order of the times.
func newOrder(ops []*op) *order {
	size := len(ops)
	o := &order{ops: ops, reach: make([]bits, size)}
	for i, a := range ops {
		o.reach[i] = newBits(size)
		for j, b := range ops {
			if a.end < b.Call {
				o.reach[i].add(j)
			}
		}
	}
	return o
}

func (o *order) has(a, b int) bool { return o.reach[a].has(b) }

// add reports whether it was new that a precedes b.
func (o *order) add(a, b int) bool {
	if o.has(a, b) {
		return false
	}
	for x := range o.reach {
		// An op that reaches b reaches all that b reaches.
		if (x == a || o.has(x, a)) && !o.has(x, b) {
			o.reach[x].addAll(o.reach[b])
			o.reach[x].add(b)
		}
	}
	return true
}

// contradictory returns an op that would have to precede itself.
func (o *order) contradictory() *op {
	for i, after := range o.reach {
		if after.has(i) {
			return o.ops[i]
		}
	}
	return nil
}

// A source is the only op that can have written the value that a read saw in a field.
type source struct{ writer, reader, field int }

// close adds what follows from the reads, until nothing new follows or there is a contradiction: another write of the same
// field precedes the write that was seen, or follows the read.
func (o *order) close(sources []source, writers *[fieldCount][]int) {
	for _, s := range sources {
		o.add(s.writer, s.reader)
	}
	for news := true; news && o.contradictory() == nil; {
		news = false
		for _, s := range sources {
			for _, other := range writers[s.field] {
				if other == s.writer {
					continue
				}
				if o.has(other, s.reader) && o.add(other, s.writer) {
					news = true
				}
				if o.has(s.writer, other) && o.add(s.reader, other) {
					news = true
				}
			}
		}
	}
}
