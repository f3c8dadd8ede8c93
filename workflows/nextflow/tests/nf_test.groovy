// Runs the nf-test files of modules and subworkflows by Nextflow alone, where nf-test itself cannot be had: it is on no
// package registry of Java or Python. It knows what these files use: nextflow_process, nextflow_workflow, test, setup,
// run, options, when, then, assertAll, path; no snapshots.
//
// usage: java -cp 'NEXTFLOW/lib/*' groovy.ui.GroovyMain nf_test.groovy NEXTFLOW TESTDATA WORK FILE.nf.test...
// TESTDATA becomes params.modules_testdata_base_path. One line a test; exits 1 if one failed.

import groovy.json.JsonSlurper
import java.nio.file.Path
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit

class Step { String process, script, mapping }

class Case {
    String name, kind, subject, subjectScript, mapping, options = ''
    List<Step> setup = []
    List<String> configs = []
    Map params = [:]
    Closure check
    File file
}

// Params takes `params { name = value }`.
class Params extends LinkedHashMap {
    void setProperty(String name, value) { put(name, value) }
}

class Suite {
    File file
    String kind, subject, subjectScript
    List<String> configs = []
    List<Step> shared = []
    List<Case> cases = []
    private Case now
    private Step step

    void name(String text) {}
    void tag(String text) {}
    void script(String path) { if (step) step.script = absolute(path) else subjectScript = absolute(path) }
    void config(String path) { (now ? now.configs : configs) << absolute(path) }
    void process(String name) { subject = name }
    void workflow(String name) { subject = name }
    void options(String text) { now.options = text }
    String absolute(String path) { new File(file.parentFile, path).canonicalPath }

    void test(String name, Closure body) {
        now = new Case(name: name, kind: kind, file: file)
        with(body)
        now.subject = subject
        now.subjectScript = subjectScript
        now.setup = shared + now.setup
        now.configs = configs + now.configs
        cases << now
        now = null
    }
    void setup(Closure body) { with(body) }
    void run(String name, Closure body) {
        step = new Step(process: name)
        with(body)
        (now ? now.setup : shared) << step
        step = null
    }
    void when(Closure body) { with(body) }
    void then(Closure body) { now.check = body }
    void params(Closure body) {
        def given = new Params()
        body.delegate = given
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
        now.params.putAll(given)
    }
    void process(Closure body) { take(body) }
    void workflow(Closure body) { take(body) }
    private void take(Closure body) {
        def text = body().toString()
        if (step) step.mapping = text else now.mapping = text
    }
    private void with(Closure body) {
        body.delegate = this
        body.resolveStrategy = Closure.DELEGATE_FIRST
        body()
    }
}

// Result is what a test's `then` sees as process or workflow.
class Result {
    int exitStatus
    boolean success, failed
    String stdout
    Map out
    List<String> trace
}

class Checks {
    def process, workflow
    Map params
    Path path(String text) { Path.of(text) }
    void assertAll(Closure... checks) {
        checks.each { check -> check.delegate = this; check.resolveStrategy = Closure.DELEGATE_FIRST; check() }
    }
}

List<Case> read(File file) {
    def cases = []
    def open = { String kind ->
        { Closure body ->
            def suite = new Suite(file: file, kind: kind)
            body.delegate = suite
            body.resolveStrategy = Closure.DELEGATE_FIRST
            body()
            cases.addAll(suite.cases)
        }
    }
    def binding = new Binding(nextflow_process: open('process'), nextflow_workflow: open('workflow'))
    new GroovyShell(binding).evaluate(file)
    return cases
}

// program is the workflow that feeds the steps and writes down what comes out.
String program(Case c, File folder) {
    def steps = c.setup + [new Step(process: c.subject, script: c.subjectScript, mapping: c.mapping)]
    def includes = steps.collect { s -> "include { ${s.process} } from '${s.script}'" }.unique().join('\n')
    def calls = steps.collect { s -> "input = []\n${s.mapping}\n${s.process}(*input)" }.join('\n')
    return """${includes}

workflow {
    def input
    ${calls}
    for (name in ${c.subject}.out.getNames()) {
        def file = new File("${folder}/out." + name + ".json")
        ${c.subject}.out.getProperty(name).toList().subscribe { list ->
            file.text = groovy.json.JsonOutput.toJson(list.collect { value -> plain(value) })
        }
    }
}

def plain(value) {
    return value instanceof List ? value.collect { v -> plain(v) } : value instanceof java.nio.file.Path ? value.toString() : value
}
"""
}

Result launch(String nextflow, String testdata, Case c, File folder) {
    folder.mkdirs()
    new File(folder, 'test.nf').text = program(c, folder)
    def command = [nextflow, '-q', '-log', "${folder}/nextflow.log"]
    c.configs.each { path -> command += ['-c', path] }
    command += ['run', "${folder}/test.nf", '-with-trace', "${folder}/trace.tsv", '-work-dir', "${folder}/work"]
    command += c.options.tokenize(' ')
    (c.params + [outdir: "${folder}/results", modules_testdata_base_path: testdata]).each { name, value ->
        command += ["--${name}".toString(), value.toString()]
    }
    def output = new File(folder, 'output.txt')
    def child = new ProcessBuilder(command*.toString()).directory(folder).redirectErrorStream(true).redirectOutput(output).start()
    int code = child.waitFor()
    def out = [:]
    folder.listFiles().findAll { f -> f.name ==~ /out\..*\.json/ }.each { f ->
        out[f.name[4..<-5]] = new JsonSlurper().parse(f)
    }
    def trace = new File(folder, 'trace.tsv')
    return new Result(exitStatus: code, success: code == 0, failed: code != 0, stdout: output.text, out: out,
        trace: trace.exists() ? trace.readLines().drop(1) : [])
}

def (nextflow, testdata, work) = args[0..2]
def cases = args.drop(3).collectMany { path -> read(new File(path).canonicalFile) }
def pool = Executors.newFixedThreadPool(2)
def failures = Collections.synchronizedList([])
cases.eachWithIndex { c, i ->
    pool.submit {
        def folder = new File(work, "${i}").canonicalFile
        def label = "${c.subject}: ${c.name}"
        Result result
        try {
            result = launch(nextflow, testdata, c, folder)
            def checks = new Checks(process: result, workflow: result, params: c.params)
            c.check.delegate = checks
            c.check.resolveStrategy = Closure.DELEGATE_FIRST
            c.check()
            println "ok      ${label}"
        }
        catch (Throwable problem) {
            failures << label
            println "FAILED  ${label} (${folder}): ${problem.message ?: problem}\n${result?.stdout ?: ''}"
        }
    }
}
pool.shutdown()
pool.awaitTermination(1, TimeUnit.HOURS)
println "${cases.size() - failures.size()} of ${cases.size()} module tests passed"
System.exit(failures ? 1 : 0)
