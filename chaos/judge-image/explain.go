package main

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// Time limits for explaining one contact and all contacts: a run in which everything is wrong needs no explanation of
// each.
const (
	explainLimit    = 5 * time.Second
	explainAllLimit = 90 * time.Second
)

var explaining atomic.Int64

// A longer history gets no cause, only the ops where the search got stuck.
const explainOps = 400

// explain looks for one change that would make the history valid: a write without effect, a write with two effects, or a
// read less. It is a hint for people; the verdict does not depend on it.
func explain(ops []*op, how search, v *verdict) {
	if explaining.Load() > int64(explainAllLimit) {
		return
	}
	begun := time.Now()
	until := begun.Add(explainLimit)
	defer func() { explaining.Add(int64(time.Since(begun))) }()
	v.Stuck = stuck(ops, how)
	if len(ops) > explainOps {
		return
	}
	right := func(changed []*op) bool {
		left := time.Until(until)
		return left > 0 && search{min(left, time.Second), how.memoryBytes / 8}.run(changed) == "ok"
	}
	final := len(ops) - 1
	causes := []struct {
		name    string
		applies func(i int) bool
		change  func(i int) []*op
	}{
		{"lost", func(i int) bool { return isWrite(ops[i]) && ops[i].Outcome == "ok" }, func(i int) []*op { return without(ops, i) }},
		{"doubled", func(i int) bool { return isWrite(ops[i]) }, func(i int) []*op { return twice(ops, i) }},
		{"stale", func(i int) bool { return !isWrite(ops[i]) && i != final }, func(i int) []*op { return without(ops, i) }},
		{"final", func(i int) bool { return i == final }, func(i int) []*op { return without(ops, i) }},
	}
	for _, cause := range causes {
		for i := range ops {
			if cause.applies(i) && right(cause.change(i)) {
				v.Cause, v.Op = cause.name, &ops[i].place
				return
			}
		}
	}
}

func isWrite(o *op) bool { return o.Kind != "read" }

func without(ops []*op, i int) []*op { return slices.Delete(slices.Clone(ops), i, i+1) }

// twice adds a second effect, at any time after the request was sent.
func twice(ops []*op, i int) []*op {
	again := *ops[i]
	again.Outcome, again.end, again.After, again.place = "unknown", never, nil, -1
	if again.Kind == "create" {
		again.Kind = createdAgain
	}
	return append(slices.Clone(ops), &again)
}

// stuck returns ops that are not in the longest order found.
func stuck(ops []*op, how search) []int {
	// Without the constraints, which stop the search long before the place that a person would look at.
	model, _ := search{time.Second, how.memoryBytes / 8}.model(ops, unconstrained(ops))
	listed := events(ops)
	_, info := porcupine.CheckEventsVerbose(model, listed, time.Second)
	// Porcupine numbers the ops in the order of their calls.
	var called []int
	for _, event := range listed {
		if event.Kind == porcupine.CallEvent {
			called = append(called, event.Id)
		}
	}
	placed := map[int]bool{}
	for _, partial := range info.PartialLinearizations() {
		for _, order := range partial {
			if len(order) > len(placed) {
				placed = map[int]bool{}
				for _, n := range order {
					placed[called[n]] = true
				}
			}
		}
	}
	var left []*op
	for i, o := range ops {
		if !placed[i] {
			left = append(left, o)
		}
	}
	slices.SortStableFunc(left, byEnd)
	places := []int{}
	for _, o := range left[:min(len(left), 3)] {
		places = append(places, o.place)
	}
	return places
}
