package stages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

// TestDefaultsAreScviTools holds every option of the model and of training that
// scvi-tools 1.4.2 has too to its default, as Python's inspect.signature gave it for each
// model class with its module, TrainingPlan and Trainer.
func TestDefaultsAreScviTools(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "scvi_defaults.json"))
	check(t, err)
	var classes map[string]map[string]any
	fromJSON(t, text, &classes)
	for class, want := range classes {
		if len(want) < 30 {
			t.Fatalf("%s: %d defaults: the test sees too few", class, len(want))
		}
		if class == "SCVI" {
			want["gene_likelihood"] = "nb" // this program's own
		}
		want["n_steps_kl_warmup"] = 0.0       // None there
		want["check_val_every_n_epoch"] = 1.0 // where a metric of validation is followed; here always
		o := DefaultTrainOptions()
		o.ModelClass = class
		text, err := json.Marshal(o.resolved())
		check(t, err)
		var got map[string]any
		fromJSON(t, text, &got)
		for name, v := range want {
			if !reflect.DeepEqual(got[name], v) {
				t.Errorf("%s: %s is %v, scvi-tools has %v", class, name, got[name], v)
			}
		}
	}
}
