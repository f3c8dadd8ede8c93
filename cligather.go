package main

import "cellvi/stages"

type gatherCommand struct {
	Part   []string `arg:"" name:"part" help:"Folders that embed or reconstruct wrote with --part, all of them, in any order."`
	Folder folder   `embed:""`
}

// Run joins the parts.
func (c *gatherCommand) Run(a *app) error {
	return a.execute(c.Folder, &stages.Gather{Layout: c.Folder.layout(), Parts: c.Part})
}
