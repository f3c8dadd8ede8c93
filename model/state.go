package model

import "fmt"

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
	History []EpochStats `json:"history"`
}

// State takes the Trainer's state, between two steps.
func (t *Trainer) State() State {
	s := State{Meta: StateMeta{Config: t.vae.Config, Options: t.opt, At: t.at,
		Stopped: t.stopped, Stopper: t.stopper, History: t.History}}
	s.Tensors = t.vae.Tensors()
	for _, p := range t.vae.params {
		m, v := p.export(t.vae.m[p.lo:p.hi]), p.export(t.vae.v[p.lo:p.hi])
		m.Name, v.Name = "exp_avg."+p.name, "exp_avg_sq."+p.name
		s.Tensors = append(s.Tensors, m, v)
	}
	return s
}

// Resume puts a Trainer where a State was taken. The configuration and options
// must be the same, but MaxEpochs may be more; the cells must be the same, and
// the caller sees to that.
func (t *Trainer) Resume(s State) error {
	a, b := s.Meta.Options, t.opt
	a.Threads, b.Threads, a.MaxEpochs, b.MaxEpochs = 0, 0, 0, 0
	if s.Meta.Config != t.vae.Config || a != b {
		return fmt.Errorf("the state is of other options: %+v %+v", s.Meta.Config, s.Meta.Options)
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
	t.at, t.stopped, t.stopper = s.Meta.At, s.Meta.Stopped, s.Meta.Stopper
	t.History = s.Meta.History
	return nil
}
