package pipeline

import (
	"os"
	"slices"
)

// checkInputs looks for the inputs that no stage before makes.
func checkInputs(stages []Stage) error {
	var made []string
	for _, stage := range stages {
		plan := stage.Plan()
		for _, path := range plan.Inputs {
			if slices.Contains(made, path) {
				continue
			}
			if err := CheckInput(path); err != nil {
				return err
			}
		}
		made = append(made, plan.Outputs...)
	}
	return nil
}

// checkFolders refuses early what PublishDir would refuse late.
func checkFolders(plan Plan) error {
	for _, path := range plan.Outputs {
		names, folder := plan.Folders[path]
		if !folder {
			continue
		}
		if err := CheckReplaceable(path, names); err != nil {
			return err
		}
	}
	return nil
}

// CheckInput tells, without opening it, whether path is a file or a folder:
// opening a pipe or a device may wait for ever. Otherwise exit 66.
func CheckInput(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return Explain(err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return NoInput("%s: is a pipe or a device: name a file, which can be read more than once", path)
	}
	return nil
}
