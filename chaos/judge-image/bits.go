package main

// A set of small integers; nil is the empty set of any size.
type bits []uint64

func newBits(size int) bits { return make(bits, (size+63)/64) }

func (b bits) add(i int) { b[i/64] |= 1 << (i % 64) }

func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b bits) addAll(other bits) {
	for word, value := range other {
		b[word] |= value
	}
}

func (b bits) with(i int) bits {
	copied := append(bits(nil), b...)
	copied.add(i)
	return copied
}

// within reports whether other contains all of b except the number `except`.
func (b bits) within(other bits, except int) bool {
	for word, value := range b {
		missing := value &^ other[word]
		if except/64 == word {
			missing &^= 1 << (except % 64)
		}
		if missing != 0 {
			return false
		}
	}
	return true
}
