package arrowtable

import (
	"context"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// loadedDictionary is the values of a dictionary after some messages of it.
type loadedDictionary struct {
	messages int
	values   arrow.Array
}

// dictionary is the values that a dictionary has for a record batch.
func (p *ipcFile) dictionary(t *arrow.DictionaryType, f fbField, part int) (arrow.Array, error) {
	n, from := 0, 0
	for i, d := range p.values[f.dictionary] {
		if d.before > part {
			break
		}
		n = i + 1
		if !d.delta {
			from = i
		}
	}
	if held := p.cache[f.dictionary]; held.values != nil && held.messages == n {
		return held.values, nil
	}
	values := []arrow.Array{}
	for _, d := range p.values[f.dictionary][from:n] {
		r, err := p.openBatch(d.message, part, []typed{{t.ValueType, fbField{children: f.children}}})
		if err != nil {
			return nil, err
		}
		a, err := r.load([]int{0}, -1)
		if err != nil {
			return nil, err
		}
		values = append(values, a[0])
	}
	all, err := joinValues(t, values)
	if err == nil {
		p.cache[f.dictionary] = loadedDictionary{n, all}
	}
	return all, err
}

func joinValues(t *arrow.DictionaryType, values []arrow.Array) (arrow.Array, error) {
	switch len(values) {
	case 0:
		return array.MakeArrayOfNull(memory.DefaultAllocator, t.ValueType, 0), nil
	case 1:
		return values[0], nil
	}
	return array.Concatenate(values, memory.DefaultAllocator)
}

// dictionaries yields the values of a column's dictionary, again whenever they
// change.
func (p *ipcFile) dictionaries(_ context.Context, k int) iter.Seq2[arrow.Array, error] {
	return func(yield func(arrow.Array, error) bool) {
		t, ok := storage(p.arrow.Field(k).Type).(*arrow.DictionaryType)
		var last arrow.Array
		for part := 0; ok && part <= max(0, len(p.batches)-1); part++ {
			values, err := p.dictionary(t, p.fields[k], part)
			if err == nil && values == last {
				continue
			}
			last = values
			if !yield(values, err) || err != nil {
				return
			}
		}
	}
}
