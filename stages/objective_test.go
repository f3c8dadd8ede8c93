package stages

import (
	"encoding/json"
	"strings"
	"testing"

	"cellvi/pipeline"
)

// Each objective trains through the stage, and is in the model's card; it is another
// training than the ELBO's, and one draw and no step are the ELBO.
func TestObjectives(t *testing.T) {
	want := map[string][]byte{}
	for _, c := range []struct {
		name string
		set  func(o *TrainOptions)
		same bool
	}{
		{"the ELBO", func(o *TrainOptions) {}, true},
		{"one draw, no step", func(o *TrainOptions) { o.IWAE, o.RefineSteps = 1, 0 }, true},
		{"iwae 2", func(o *TrainOptions) { o.IWAE = 2 }, false},
		{"refine-steps 1", func(o *TrainOptions) { o.RefineSteps = 1 }, false},
	} {
		l, o := prepareTable(t, trainable(), withCovariates()), quick()
		c.set(&o)
		fitAll(t, l, o, 2)
		got := outputs(t, l)["/latent.parquet"]
		if len(got) == 0 {
			t.Fatal("no latent")
		}
		if want["latent"] == nil {
			want["latent"] = got
		}
		if same := string(got) == string(want["latent"]); same != c.same {
			t.Errorf("%s: the ELBO's latent: %v", c.name, same)
		}
		card, err := readCard(l.Model())
		check(t, err)
		if card.Options.Objective != o.Objective.model() {
			t.Errorf("%s: the card says %+v", c.name, card.Options.Objective)
		}
	}
}

func TestObjectiveRefuses(t *testing.T) {
	for says, set := range map[string]func(o *TrainOptions){
		"--iwae is 0":                       func(o *TrainOptions) { o.IWAE = 0 },
		"AUTOZI has no importance-weighted": func(o *TrainOptions) { o.IWAE, o.ModelClass = 5, "AUTOZI" },
		"--refine-steps is -1":              func(o *TrainOptions) { o.RefineSteps = -1 },
		"leave one out":                     func(o *TrainOptions) { o.IWAE, o.RefineSteps = 5, 1 },
	} {
		o := DefaultTrainOptions()
		set(&o)
		wantError(t, o.Validate(), pipeline.ExitUsage, says)
		if strings.Count(o.Validate().Error(), "\n") > 0 {
			t.Errorf("more than a line: %v", o.Validate())
		}
	}
}

// What was recorded of a run before there were these options is recorded of it still: the
// run stands.
func TestOlderRunsStand(t *testing.T) {
	text, err := json.Marshal(DefaultTrainOptions().resolved())
	check(t, err)
	for _, name := range []string{"posterior", "iwae", "refine_steps"} {
		if strings.Contains(string(text), `"`+name+`"`) {
			t.Errorf("%s is recorded where it is not asked for: %s", name, text)
		}
	}
}
