package main

import (
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// A search ends when its time is up or when the states that it remembers exceed its memory.
type search struct {
	limit       time.Duration
	memoryBytes int
}

// verdict is the result for one contact.
type verdict struct {
	Contact int64 `json:"contact"`
	// ok, illegal or unknown.
	Result string `json:"result"`
	// Of an illegal result: lost, doubled, stale, final, unwritten, or "" where no single op explains it.
	Cause string `json:"cause"`
	// Index of the op that Cause is about.
	Op *int `json:"op"`
	// Ops that fit into no order found, earliest return first; a hint.
	Stuck []int `json:"stuck"`
}

// Size of a state without its two sets of ops.
const stateBytes = 200

func judge(p *partition, how search) verdict {
	p.prepare()
	v := verdict{Contact: p.Contact, Stuck: []int{}}
	ops := p.reduced()
	if o := unwritten(ops); o != nil {
		v.Result, v.Cause, v.Op = "illegal", "unwritten", &o.place
		return v
	}
	v.Result = how.run(ops)
	if v.Result == "illegal" {
		explain(ops, how, &v)
	}
	return v
}

// unwritten returns a read that saw a value that nobody wrote.
func unwritten(ops []*op) *op {
	for field := range fieldCount {
		written := map[int32]bool{}
		for _, o := range ops {
			if o.writes(field) {
				written[o.Fields[field]] = true
			}
		}
		for _, o := range ops {
			if o.sees(field) && !written[o.Fields[field]] {
				return o
			}
		}
	}
	return nil
}

// run returns ok, illegal or unknown.
func (how search) run(ops []*op) string {
	c, possible := newConstraints(ops)
	if !possible {
		return "illegal"
	}
	model, exhausted := how.model(ops, c)
	result := porcupine.CheckEventsTimeout(model, events(ops), how.limit)
	switch {
	case result == porcupine.Ok:
		return "ok"
	case result == porcupine.Unknown || exhausted.Load():
		return "unknown"
	default:
		return "illegal"
	}
}

func (how search) model(ops []*op, c *constraints) (porcupine.Model, *atomic.Bool) {
	exhausted := &atomic.Bool{}
	steps := how.memoryBytes / (stateBytes + len(ops)/4)
	return porcupine.Model{
		Init: func() any { return &state{done: newBits(len(ops))} },
		Step: func(s, input, _ any) (bool, any) {
			i := input.(int)
			ok, next := c.step(s.(*state), i, ops[i])
			if !ok {
				return false, s
			}
			if steps--; steps < 0 {
				exhausted.Store(true)
				return false, s
			}
			return true, next
		},
		Equal: func(a, b any) bool {
			x, y := a.(*state), b.(*state)
			return x.phase == y.phase && x.fields == y.fields
		},
	}, exhausted
}
