package model

import (
	"fmt"
	"reflect"
)

// State is everything that a Trainer needs to go on: tensors bit for bit, and
// what is not tensors.
type State struct {
	Tensors []Tensor
	Meta    StateMeta
}

// StateMeta is the part of a State that is not tensors.
type StateMeta struct {
	Config  Config       `json:"config"`
	Options TrainOptions `json:"options"`
	At      Position     `json:"at"`
	Stopped bool         `json:"stopped"`
	Stopper stopper      `json:"stopper"`
	Rate    rate         `json:"rate"`
	History []EpochStats `json:"history"`
	Window  int          `json:"window"` // rows of a window; 0: all cells were in memory
}

// Outline is a tensor of a State before its values are copied. Make copies them,
// as they are then.
type Outline struct {
	Name  string
	Shape []int
	Make  func() []float32
}

// Outline is State without the copies of the tensors: Make is to be called
// before the next step.
func (t *Trainer) Outline() (StateMeta, []Outline) {
	meta := StateMeta{Config: t.vae.Config, Options: t.opt, At: t.at,
		Stopped: t.stopped, Stopper: t.stopper, Rate: t.rate, History: t.History, Window: t.Window()}
	var out []Outline
	add := func(prefix string, p *param[float32], slab []float32) {
		out = append(out, Outline{prefix + p.name, p.shape, func() []float32 { return p.export(slab[p.lo:p.hi]).Data }})
	}
	for _, p := range t.vae.params {
		add("", p, t.vae.value)
	}
	for _, b := range t.vae.buffers() {
		data := b.tensor().Data // small, and moved by every step
		out = append(out, Outline{b.name, b.shape, func() []float32 { return data }})
	}
	for _, p := range t.vae.params {
		add("exp_avg.", p, t.vae.m)
		add("exp_avg_sq.", p, t.vae.v)
	}
	return meta, out
}

// State takes the Trainer's state, between two steps.
func (t *Trainer) State() State {
	meta, outlines := t.Outline()
	s := State{Meta: meta}
	for _, o := range outlines {
		s.Tensors = append(s.Tensors, Tensor{Name: o.Name, Shape: o.Shape, Data: o.Make()})
	}
	return s
}

// Resume puts a Trainer where a State was taken. The configuration and options
// must be the same, but MaxEpochs may be more, and so must be the window; the
// cells must be the same, and the caller sees to that.
func (t *Trainer) Resume(s State) error {
	a, b := s.Meta.Options, t.opt
	a.Threads, b.Threads, a.MaxEpochs, b.MaxEpochs = 0, 0, 0, 0
	if !reflect.DeepEqual(s.Meta.Config, t.vae.Config) || a != b {
		return fmt.Errorf("the state is of other options: %+v %+v", s.Meta.Config, s.Meta.Options)
	}
	if s.Meta.Window != t.Window() {
		return fmt.Errorf("the state is of a window of %d cells, not of %d (0: all in memory): another budget of memory", s.Meta.Window, t.Window())
	}
	if at := s.Meta.At; at.Epoch > t.opt.MaxEpochs || at.Epoch == t.opt.MaxEpochs && at.Batch > 0 {
		return fmt.Errorf("the state is of epoch %d, beyond the %d epochs asked for", at.Epoch+1, t.opt.MaxEpochs)
	}
	if err := t.vae.Load(s.Tensors); err != nil {
		return err
	}
	byName := map[string]Tensor{}
	for _, x := range s.Tensors {
		byName[x.Name] = x
	}
	for _, p := range t.vae.params {
		if err := p.loadInto(t.vae.m[p.lo:p.hi], byName["exp_avg."+p.name]); err != nil {
			return err
		}
		if err := p.loadInto(t.vae.v[p.lo:p.hi], byName["exp_avg_sq."+p.name]); err != nil {
			return err
		}
	}
	t.at, t.stopped, t.stopper, t.rate = s.Meta.At, s.Meta.Stopped, s.Meta.Stopper, s.Meta.Rate
	t.History = s.Meta.History
	return nil
}
