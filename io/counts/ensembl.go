package counts

import "regexp"

// versioned is an Ensembl identifier of a gene, transcript, protein or exon of
// any species with a version: ENSG00000123456.12. GENCODE writes _PAR_Y after it
// (to release 43 for the copy on Y of what is on X too), others before it.
var versioned = regexp.MustCompile(`^(ENS[A-Z]*[GTPE][0-9]{11})(?:(_PAR_Y)\.[0-9]+|\.[0-9]+(_PAR_Y)?)$`)

// withoutVersion is an Ensembl identifier without its version, and any other name
// as it is: in AC012345.1 and RP11-34P13.7 the number belongs to the name.
func withoutVersion(name string) string {
	if m := versioned.FindStringSubmatch(name); m != nil {
		return m[1] + m[2] + m[3]
	}
	return name
}
