import ArgumentParser
import Foundation
import Surprisal

struct ScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan", abstract: "Scores every image and flags outliers, most surprising first.",
    discussion: """
      Without --model the images judge one another: each by what the others show, 30 of them at least. What is flagged is
      then odd among them, at a false discovery rate of \(FolderScan().rule.rate) unless a rate is given.
      """)

  @OptionGroup var images: PathOptions
  @OptionGroup var model: ModelOptions
  @OptionGroup var verdict: VerdictOptions
  @OptionGroup var shown: OutputOptions

  @Option(help: "How records are written (default: text on a terminal, jsonl elsewhere).")
  var format: ReportFormat?

  @Option(help: "Write the records here instead of standard output, which is -.")
  var output: FilePath?

  @OptionGroup var caching: CacheOptions

  @Flag(help: "Go on with an interrupted scan: what it found is in the cache, which must then be usable.")
  var resume = false

  @Flag(help: "Write an empty report where there are no images, instead of an error.")
  var allowEmpty = false

  @Option(help: "Stop after this many images.")
  var limit: Int?

  @Option(help: "Without --model: keep the images that were not flagged as a model, to judge others by.")
  var save: FilePath?

  @Flag(help: "--save: keep none of the images as examples, which reports show beside what is odd.")
  var noExamples = false

  @OptionGroup var collecting: CollectOptions

  @OptionGroup var portion: PartOptions

  @Flag(help: "With -: judge images as their paths come, and write each record at once, in their order.")
  var follow = false

  @OptionGroup(title: "Without --model") var form: ShapeOptions
  @Option(
    help: """
      Where each image shows one thing on a plain ground: placed moves it to the middle at one scale, turned turns it as others lie too (default: \
      none).
      """)
  var align: Alignment.Kind?

  func validate() throws {
    if model.given != nil, save != nil || form.isGiven || align != nil {
      throw ValidationError("--save, --size, --channels and --align are for scans without --model")
    }
    if resume, caching.noCache { throw ValidationError("--resume goes on by the cache: not with --no-cache") }
    if model.given == nil, model.evaluations == .auto {
      throw ValidationError("--evaluations auto needs --model: give a number")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    try refuseToFollow()
    try portion.refuse(format)
    if portion.isPart {
      if model.given == nil {
        throw ValidationError(
          "images that judge one another are judged together: --shard and --part need --model (surprisal fit makes one)"
        )
      }
      if collecting.folder != nil {
        throw ValidationError("--collect needs all images: not with --shard or --part")
      }
    }
  }

  func run() throws {
    if follow { return try followPaths() }
    let records = try RecordOutput(to: output, as: format ?? (portion.isPart ? .jsonl : nil))
    let kept = try save.map { try Destination(option: $0) }
    let paths = try images.expanded()
    records.collection = try collecting.collection(of: images, paths)
    let loaded = try model.load()
    records.pictures = try pictures(by: loaded)
    let run = Run(
      paths: paths, records: records, cache: try caching.open(shown, isAsked: resume),
      stop: Interruption(shown))
    let found = model.given == nil ? try scanFolder(run, by: loaded) : try scan(run, under: loaded)
    guard found.summary.isComplete else { throw interrupted(after: found.summary, run) }
    shown.note(found.text)
    if found.summary.recalled > 0 {
      shown.note("\(found.summary.recalled) were known from before (surprisal cache)")
    }
    try collecting.finish(records.collection, shown)
    if let kept, let outcome = found.folder { try keep(outcome, kept) }
    shown.next(
      model.given == nil ? folderSteps(run, liesAnyhow: found.folder?.liesAnyhow == true) : modelSteps(run))
  }

  /// What a scan works with, by a model or without.
  private struct Run {
    let paths: [FilePath]
    let records: RecordOutput
    let cache: ResultCache?
    let stop: Interruption
  }

  private struct Found {
    let summary: Scan.Summary
    let text: String
    var folder: FolderScan.Outcome?
  }

  /// What a page shows of images; nil for other formats.
  private func pictures(by model: Model) throws -> ReportPictures? {
    format == .html
      ? try ReportPictures(model, reading: images.read.reading, compute: self.model.compute) : nil
  }

  private func meter(_ verb: String, _ run: Run) -> ProgressMeter {
    ProgressMeter(shown, verb, counting: run.paths, reading: images.read.reading, limit: limit)
  }

  private func scan(_ run: Run, under loaded: Model) throws -> Found {
    let rule = verdict.rule ?? .standard
    let judge = try Judge(
      loaded, budget: model.evaluations, statistic: verdict.statistic, rate: rule.rate,
      compute: model.compute)
    shown.detail(loaded, model.model)
    var scan = Scan()
    scan.rule = rule
    scan.limit = limit
    scan.reading = images.read.reading
    scan.cache = run.cache
    // Pages of parts that are put together need it too.
    scan.hashesContent = format == .html || portion.isPart
    scan.portion = portion.portion(model.model)
    let meter = meter("scored", run)
    let summary = try scan.run(
      run.paths, by: judge, shouldStop: { run.stop.isSet }, progress: { meter.tell($0) },
      begin: {
        meter.end()
        // A shard may have none of the images that there are.
        let found = max($0.scored + $0.unreadable, $0.part?.found ?? 0)
        guard found > 0 || allowEmpty && $0.isComplete else { return }
        try run.records.begin($0)
      }, { try run.records.take($0) })
    var facts = ReportFacts.ofRun(loaded, model.model, rule: rule, statistic: judge.statistic.rawValue)
    facts.notes = summary.text.components(separatedBy: "\n")
    try run.records.finish(facts)
    guard run.records.hasBegun || !summary.isComplete else { throw nothing(skipped: summary.skipped) }
    return Found(summary: summary, text: portion.isPart ? partText(summary) : summary.text)
  }

  /// Outliers of a false discovery rate, and whether the set belongs, are known when all parts are there.
  private func partText(_ summary: Scan.Summary) -> String {
    let share = portion.shard.map { "shard \($0.number)/\($0.of): " } ?? ""
    return
      "\(share)\(summary.scored) scored, \(summary.unreadable) unreadable, of \(summary.found) images found: "
      + "surprisal merge puts parts together"
  }

  /// The images judged by one another.
  private func scanFolder(_ run: Run, by network: Model) throws -> Found {
    shown.detail(
      "network \(model.model), \(network.parameterCount) parameters; oneDNN \(Compute.engineVersion)")
    var scan = FolderScan()
    if let rule = verdict.rule { scan.rule = rule }
    scan.statistic = verdict.statistic
    if let evaluations = model.evaluations { scan.budget = evaluations }
    scan.limit = limit
    scan.reading = images.read.reading
    scan.shape = try form.fitted()
    scan.shape.aligning = align.map { .always($0) } ?? .never
    scan.cache = run.cache
    scan.hashesContent = format == .html
    let meter = meter("looked at", run)
    let outcome: FolderScan.Outcome
    do {
      outcome = try scan.run(
        run.paths, by: network, compute: model.compute, shouldStop: { run.stop.isSet },
        progress: { meter.tell($0) },
        begin: {
          meter.end()
          try run.records.begin($0)
        }, { try run.records.take($0) })
    } catch let error as CalibrationError {
      meter.end()
      guard run.stop.isSet else { throw refused(error) }
      shown.warn("interrupted: \(error)")
      throw ExitCode(Interruption.code)
    }
    var facts = ReportFacts.ofRun(
      network, model.model, rule: scan.rule,
      statistic: (verdict.statistic ?? .standard(evaluations: model.evaluations?.count ?? 0)).rawValue)
    facts.notes = outcome.text(scan.rule).components(separatedBy: "\n")
    try run.records.finish(facts)
    return Found(summary: outcome.summary, text: outcome.text(scan.rule), folder: outcome)
  }

  private func nothing(skipped: Int) -> SurprisalError {
    .noImages(given: images.paths.map(\.description).joined(separator: ", "), skipped: skipped)
  }

  /// What to do where images are too few to judge one another.
  private func refused(_ error: CalibrationError) -> any Error {
    guard case .tooFewToJudge(let found, _) = error else { return error }
    if found == 0, !allowEmpty { return nothing(skipped: 0) }
    shown.next([
      ("surprisal scan \(images.quoted) --model \(ModelOptions.shipped)", "by photographs of all kinds"),
      ("surprisal fit MORE-IMAGES --output mine.safetensors", "a model of more images like them"),
    ])
    return error
  }

  private func interrupted(after summary: Scan.Summary, _ run: Run) -> ExitCode {
    let count = summary.scored + summary.unreadable
    let written =
      run.records.hasBegun ? ": what is written is of these alone (\(run.records.incompleteName))" : ""
    shown.warn("interrupted after \(count) images\(written)")
    if run.records.collection != nil { shown.note("nothing was collected") }
    if run.cache != nil { shown.note("the same command goes on from there") }
    return ExitCode(Interruption.code)
  }

  // MARK: What comes after

  private func keep(_ outcome: FolderScan.Outcome, _ kept: Destination) throws {
    let meter = ProgressMeter(shown, "fitted to")
    let mine = try outcome.fitted(
      budget: model.evaluations ?? .look, examples: noExamples ? 0 : Model.standardExamples,
      compute: model.compute, progress: { meter.tell($0, of: $1) })
    meter.end()
    try mine.write(to: kept)
    shown.note("\(kept.name): a model of \(outcome.ordinaryCount) images that were not flagged")
  }

  private func modelSteps(_ run: Run) -> [(String, String)] {
    guard !portion.isPart, let odd = run.records.firstOutlier, let given = model.given else { return [] }
    return [
      (
        "surprisal explain \(odd.quoted) --model \(FilePath(given).quoted)",
        "where and at which scale it is odd"
      )
    ]
  }

  private func folderSteps(_ run: Run, liesAnyhow: Bool) -> [(String, String)] {
    let name = save ?? FilePath("mine.safetensors")
    let aligned = align.map { " --align \($0.rawValue)" } ?? ""
    var steps: [(String, String)] = []
    if liesAnyhow {
      steps.append(
        ("surprisal scan \(images.quoted) --align turned", "turns alike what lies anyhow in these images"))
    }
    if save == nil {
      steps.append(
        (
          "surprisal scan \(images.quoted)\(aligned) --save \(name.quoted)",
          "keeps them as a model, to judge new images by"
        ))
    } else {
      steps.append(("surprisal scan NEW-IMAGES --model \(name.quoted)", "judges new images by these"))
    }
    steps.append(
      (
        "surprisal train \(images.quoted)\(aligned) --output \(name.quoted)",
        "learns them, for bits a pixel and nearer outliers"
      ))
    if let first = run.records.firstOutlier {
      steps.append(
        (
          "surprisal explain \(first.quoted) --model \(name.quoted)",
          "by such a model: what is odd about this one"
        ))
    }
    return steps
  }
}

extension FolderScan.Outcome {
  func text(_ rule: FlaggingRule) -> String {
    var lines = [summary.text]
    if exactCopies + nearCopies > 0 {
      lines.append("\(exactCopies) exact and \(nearCopies) near copies of other images (copy_of)")
    }
    let rate =
      switch rule {
      case .falseDiscoveryRate(let rate):
        "of the flagged about \(percent(rate)) are expected to belong after all"
      case .falsePositiveRate(let rate): "of ordinary images about \(percent(rate)) are flagged"
      }
    lines.append("p-values are relative to the ordinary ones among these images; \(rate)")
    return lines.joined(separator: "\n")
  }

  private func percent(_ rate: Double) -> String { String(format: "%g %%", 100 * rate) }
}

extension Scan.Summary {
  var text: String {
    let mean =
      meanBitsPerDim.map {
        String(
          format: ", mean %.3f bits/dim at %.4g evaluations", $0,
          Double(evaluations) / Double(scored - repeats))
      } ?? ""
    let again = repeats > 0 ? " (\(repeats) by more paths than one)" : ""
    let others = skipped > 0 ? ", \(skipped) other files skipped" : ""
    let whole =
      set.map {
        String(
          format: "\nas a whole: p-value %.2g that these are drawn from the population%@", $0.pValue,
          ($0.bitsPValue.map { [scores = $0.scores.pValue] bits in
            String(format: " (scores %.2g, mean bits/dim %.2g)", scores, bits)
          } ?? "") as NSString)
      } ?? ""
    let learned =
      known > 0
      ? "\n\(known) of these were trained or calibrated on: the model knows them, so that they look more ordinary than new "
        + "images would, and their p-values are too large"
      : ""
    return
      "\(scored) scored\(again)\(mean), \(outliers) outliers, \(unreadable) unreadable\(others)\(whole)\(learned)"
  }
}
