package textmatrix

import (
	"strconv"
	"strings"
	"testing"

	"cellvi/io/counts"
	"cellvi/io/counts/countstest"
)

// storage is one way to write a table.
type storage struct {
	name      string // of the file
	delimiter string
	end       string // of lines
	transpose bool
	quoted    bool // names are
	noCorner  bool // the first line has no field above the names of rows
	top       string
	threads   int
	memory    int64
}

var storages = map[string]storage{
	"CSV":               {name: "x.csv", delimiter: ",", end: "\n"},
	"TSV, gzip":         {name: "x.tsv.gz", delimiter: "\t", end: "\n", threads: 2},
	"R":                 {name: "x.txt", delimiter: "\t", end: "\n", quoted: true, noCorner: true},
	"R, CSV2":           {name: "x.csv", delimiter: ";", end: "\r\n", quoted: true},
	"R, spaces":         {name: "x.txt", delimiter: " ", end: "\n", quoted: true, noCorner: true},
	"GEO":               {name: "x.txt.gz", delimiter: "\t", end: "\n", transpose: true, top: "# a comment\n\n#another\n"},
	"transposed, R":     {name: "x.csv", delimiter: ",", end: "\r\n", transpose: true, quoted: true, noCorner: true, threads: 2},
	"transposed, tight": {name: "x.csv", delimiter: ",", end: "\n", transpose: true, memory: 20 << 20},
	"byte-order mark":   {name: "x.csv", delimiter: ",", end: "\r\n", top: "\ufeff"},
}

func (s storage) field(name string) string {
	if s.quoted {
		return `"` + name + `"`
	}
	return name
}

// text is the table, dense.
func (s storage) text(full *countstest.FullTable) string {
	rows, columns := full.Table.Obs.Names, full.Genes.Names
	dense := make([][]string, len(rows))
	for i := range rows {
		dense[i] = make([]string, len(columns))
		genes, values := full.Table.Row(i)
		for k := range dense[i] {
			dense[i][k] = "0"
		}
		for k, g := range genes {
			dense[i][g] = strconv.FormatFloat(values[k], 'f', -1, 64)
		}
	}
	if s.transpose {
		rows, columns = columns, rows
		turned := make([][]string, len(rows))
		for i := range turned {
			for k := range columns {
				turned[i] = append(turned[i], dense[k][i])
			}
		}
		dense = turned
	}
	var b strings.Builder
	b.WriteString(s.top)
	var head []string
	if !s.noCorner {
		head = append(head, s.field("the names"))
	}
	for _, name := range columns {
		head = append(head, s.field(name))
	}
	b.WriteString(strings.Join(head, s.delimiter) + s.end)
	for i, name := range rows {
		b.WriteString(s.field(name) + s.delimiter + strings.Join(dense[i], s.delimiter) + s.end)
	}
	return b.String()
}

// writable leaves out tables that cannot be told in this form: without rows, it
// is not seen whether a field stands above them; without columns there is no
// table; names that are all numbers, some of them twice, are taken for a table
// without names.
func (s storage) writable(full *countstest.FullTable) bool {
	if full.Table.Cells() == 0 && (s.transpose || s.noCorner) {
		return false
	}
	_, first := strconv.ParseFloat(full.Genes.Names[0], 64)
	_, last := strconv.ParseFloat(full.Genes.Names[full.Genes.Len()-1], 64)
	return first != nil || last != nil
}

func (s storage) open(t *testing.T, full *countstest.FullTable) counts.Reader {
	t.Helper()
	if !s.writable(full) {
		return countstest.Memory(full, 7)
	}
	opt := Options{Transpose: s.transpose, Threads: s.threads, Memory: s.memory}
	r, err := Open(write(t, s.name, s.text(full)), opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestConformance(t *testing.T) {
	for name, s := range storages {
		t.Run(name, func(t *testing.T) {
			countstest.RunWithin(t, countstest.Limits{NoObs: true, NoVar: true}, s.open)
		})
	}
}
