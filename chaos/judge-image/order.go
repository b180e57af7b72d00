package main

// Of a longer history only what one answer says alone is made out; its closure would take too much time and memory.
const closureOps = 8000

// An order is what must come before what: reach[a] has all that must come after a.
type order struct {
	ops   []*op
	reach []bits
}

// newOrder begins with what the times say and what is asked for.
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

// add tells whether it was news that a comes before b.
func (o *order) add(a, b int) bool {
	if o.has(a, b) {
		return false
	}
	for x := range o.reach {
		// What reaches b reaches all that b does.
		if (x == a || o.has(x, a)) && !o.has(x, b) {
			o.reach[x].addAll(o.reach[b])
			o.reach[x].add(b)
		}
	}
	return true
}

// contradictory is an op that would have to come before itself.
func (o *order) contradictory() *op {
	for i, after := range o.reach {
		if after.has(i) {
			return o.ops[i]
		}
	}
	return nil
}

// A source is the one op that can have written what a read saw in a field.
type source struct{ writer, reader, field int }

// close adds what follows from the reads, until nothing follows any more or there is a contradiction: another write of the
// same field is before the write that was seen, or after the read.
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
