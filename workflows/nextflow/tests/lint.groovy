// Reads scripts and configurations by the strict syntax of Nextflow 25.04, as `nextflow lint` does.
// usage: java -cp 'NEXTFLOW/lib/*' groovy.ui.GroovyMain lint.groovy FILE...
//
// The section `when` is let pass: Nextflow means to drop it some day, nf-core's modules have it.

import nextflow.config.control.ConfigParser
import nextflow.script.control.ScriptParser

def scripts = new ScriptParser()
def configs = new ConfigParser()
args.each { path -> (path.endsWith('.nf') ? scripts : configs).parse(new File(path)) }
scripts.analyze()
configs.analyze()

def found = 0
[scripts, configs].each { parser ->
    parser.compiler().sources.values().each { source ->
        def collector = source.errorCollector
        ((collector.errors ?: []) + (collector.warnings ?: [])).each { entry ->
            def problem = entry.hasProperty('cause') ? entry.cause : entry
            if (!problem.message.contains('Process `when` section')) {
                println "${source.name}: ${problem.message}"
                found++
            }
        }
    }
}
println "${args.size()} files linted"
System.exit(found ? 1 : 0)
