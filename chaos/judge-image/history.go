package main

import (
	"cmp"
	"slices"
)

// Fields of a contact. Their values are numbers that stand for texts; the caller keeps the table.
const fieldCount = 6

// unnamed: an update does not change this field, or a read does not show it.
const unnamed = -1

// createdAgain is the kind of a create's second effect; only explain uses it.
const createdAgain = "created-again"

// never is the return of an unanswered op: it may take effect at any time, or not at all.
const never = 1 << 62

// An op is one request about the contact as its sender saw it, a contact in a list's answer, or the final read of the
// database.
type op struct {
	// create, update, delete or read.
	Kind string `json:"kind"`
	// Nanoseconds; the effect was at one moment from Call to Return, both included. Return absent: see never.
	Call   int64  `json:"call"`
	Return *int64 `json:"return"`
	// ok, not-found, or unknown where no answer reported it.
	Outcome string `json:"outcome"`
	// The values written or seen.
	Fields []int32 `json:"fields"`
	// Index in the partition of the op that must take effect before this one; absent: none.
	After *int `json:"after"`

	place int
	end   int64
}

type partition struct {
	Contact int64 `json:"contact"`
	Ops     []*op `json:"ops"`
}

func (o *op) writes(field int) bool {
	changes := o.Kind == "create" || o.Kind == createdAgain || o.Kind == "update" && o.Outcome != "not-found"
	return changes && o.Fields[field] != unnamed
}

func (o *op) sees(field int) bool {
	return o.Kind == "read" && o.Outcome == "ok" && o.Fields[field] != unnamed
}

// prepare sets the fields that are not transmitted.
func (p *partition) prepare() {
	for place, o := range p.Ops {
		o.place = place
		o.end = never
		if o.Return != nil {
			o.end = *o.Return
		}
	}
}

// reduced omits ops that cannot change the verdict: unanswered updates that nobody can have seen, and reads that saw the
// same as another read within their time.
func (p *partition) reduced() []*op {
	seen := [fieldCount]map[int32]bool{}
	for field := range seen {
		seen[field] = map[int32]bool{}
		for _, o := range p.Ops {
			if o.sees(field) {
				seen[field][o.Fields[field]] = true
			}
		}
	}
	needed := map[int]bool{}
	for _, o := range p.Ops {
		if o.After != nil {
			needed[o.place], needed[*o.After] = true, true
		}
	}
	kept := slices.Clone(p.Ops)
	kept = slices.DeleteFunc(kept, func(o *op) bool {
		return !needed[o.place] && o.Kind == "update" && o.Outcome == "unknown" && !wasSeen(o, &seen)
	})
	return withoutWiderReads(kept, needed)
}

func wasSeen(o *op, seen *[fieldCount]map[int32]bool) bool {
	for field, value := range o.Fields {
		if value != unnamed && seen[field][value] {
			return true
		}
	}
	return false
}

// withoutWiderReads omits a read if another read within its time saw the same: one moment satisfies both.
func withoutWiderReads(ops []*op, needed map[int]bool) []*op {
	type sight struct {
		outcome string
		fields  [fieldCount]int32
	}
	groups := map[sight][]*op{}
	for _, o := range ops {
		if o.Kind != "read" || needed[o.place] {
			continue
		}
		s := sight{outcome: o.Outcome}
		copy(s.fields[:], o.Fields)
		groups[s] = append(groups[s], o)
	}
	wider := map[int]bool{}
	for _, group := range groups {
		// By end, of equal ends the latest call first: narrower reads precede wider ones.
		slices.SortStableFunc(group, func(a, b *op) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(b.Call, a.Call)) })
		latestCall := int64(-1)
		for _, o := range group {
			if o.Call <= latestCall {
				wider[o.place] = true
			}
			latestCall = max(latestCall, o.Call)
		}
	}
	return slices.DeleteFunc(ops, func(o *op) bool { return wider[o.place] })
}
