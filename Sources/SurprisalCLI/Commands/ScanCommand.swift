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

  @Flag(help: "Go on with an interrupted scan to --output: images it had scored are not scored again.")
  var resume = false

  @Flag(help: "Write an empty report where there are no images, instead of an error.")
  var allowEmpty = false

  @Option(help: "Stop after this many images.")
  var limit: Int?

  @Option(help: "Without --model: keep the images that were not flagged as a model, to judge others by.")
  var save: FilePath?

  @OptionGroup var collecting: CollectOptions

  @OptionGroup(title: "Without --model") var form: ShapeOptions

  func validate() throws {
    if model.given != nil, save != nil || form.isGiven {
      throw ValidationError("--save, --size and --channels are for scans without --model")
    }
    if model.given == nil, resume { throw ValidationError("--resume needs --model") }
    if model.given == nil, model.evaluations == .auto {
      throw ValidationError("--evaluations auto needs --model: give a number")
    }
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    if resume, output == nil { throw ValidationError("--resume needs --output") }
  }

  func run() throws {
    let destination = try output.map { try Destination(option: $0) } ?? .standardOutput
    if resume, !destination.isFile { throw ValidationError("--resume needs --output to be a file") }
    let paths = images.expanded()
    var collection = try collecting.collection(of: images, paths)
    guard model.given != nil else { return try scanFolder(destination, paths, &collection) }
    let loaded = try model.load()
    let rule = verdict.rule ?? .standard
    let judge = try Judge(
      loaded, budget: model.evaluations, statistic: verdict.statistic, rate: rule.rate,
      compute: model.compute)
    shown.detail(loaded, model.model)
    var scan = Scan()
    scan.rule = rule
    scan.limit = limit
    if let output, destination.isFile {
      let kept = "\(output).progress"
      if !resume, unlink(kept) == 0 {
        shown.warn("\(kept): an unfinished scan's records, dropped without --resume")
      }
      scan.progressFile = kept
    }
    scan.reading = images.read.reading
    scan.hashesContent = format == .html
    let isTerminal = destination.isStandardOutput && isatty(1) != 0
    var writer = RecordWriter(
      format ?? (isTerminal ? .text : .jsonl), isColoured: isTerminal && OutputOptions.allowsColour)
    var pictures = try pictures(by: loaded)
    var file: OutputFile?
    var first: FilePath?
    let summary = try scan.run(
      paths, by: judge,
      progress: { done in shown.progress("\(done) images scored") },
      begin: {
        guard allowEmpty || $0.scored + $0.unreadable > 0 else { return }
        file = try OutputFile(destination)
        pictures?.begin($0)
        try file?.write(writer.begin($0))
      },
      { record in
        if record.outlier == true { first = first ?? record.file }
        var record = record
        pictures?.add(to: &record)
        collection?.take(record)
        try file?.write(writer.line(record))
      })
    shown.progressDone()
    var facts = ReportFacts.ofRun(loaded, model.model, rule: rule, statistic: judge.statistic)
    facts.notes = summary.text.components(separatedBy: "\n")
    writer.facts = facts
    try file?.write(writer.end)
    try file?.finish()
    scan.finish()
    guard file != nil else {
      throw SurprisalError.noImages(
        given: images.paths.map(\.description).joined(separator: ", "), skipped: summary.skipped)
    }
    shown.note(summary.text)
    try collecting.finish(collection, shown)
    if let odd = first, let given = model.given {
      shown.next([
        (
          "surprisal explain \(odd.quoted) --model \(FilePath(given).quoted)",
          "where and at which scale it is odd"
        )
      ])
    }
  }

  /// What a page shows of images; nil for other formats.
  private func pictures(by model: Model) throws -> ReportPictures? {
    format == .html
      ? try ReportPictures(model, reading: images.read.reading, compute: self.model.compute) : nil
  }

  /// The images judged by one another.
  private func scanFolder(
    _ destination: Destination, _ paths: [FilePath], _ collection: inout OutlierCollection?
  ) throws {
    let kept = try save.map { try Destination(option: $0) }
    let network = try model.load()
    shown.detail(
      "network \(model.model), \(network.parameterCount) parameters; oneDNN \(Compute.engineVersion)")
    var scan = FolderScan()
    if let rule = verdict.rule { scan.rule = rule }
    scan.statistic = verdict.statistic
    if let evaluations = model.evaluations { scan.budget = evaluations }
    scan.limit = limit
    scan.reading = images.read.reading
    scan.shape = try form.fitted()
    let isTerminal = destination.isStandardOutput && isatty(1) != 0
    var writer = RecordWriter(
      format ?? (isTerminal ? .text : .jsonl), isColoured: isTerminal && OutputOptions.allowsColour)
    var pictures = try pictures(by: network)
    var file: OutputFile?
    var first: FilePath?
    let outcome: FolderScan.Outcome
    do {
      outcome = try scan.run(
        paths, by: network, compute: model.compute,
        progress: { done in shown.progress("\(done) images looked at") },
        begin: {
          shown.progressDone()
          file = try OutputFile(destination)
          pictures?.begin($0)
          try file?.write(writer.begin($0))
        },
        { record in
          if record.outlier == true { first = first ?? record.file }
          var record = record
          pictures?.add(to: &record)
          collection?.take(record)
          try file?.write(writer.line(record))
        })
    } catch let error as CalibrationError {
      shown.progressDone()
      guard case .tooFewToJudge(let found, _) = error else { throw error }
      if found == 0, !allowEmpty {
        throw SurprisalError.noImages(
          given: images.paths.map(\.description).joined(separator: ", "), skipped: 0)
      }
      shown.next([
        ("surprisal scan \(images.quoted) --model \(ModelOptions.shipped)", "by photographs of all kinds"),
        ("surprisal fit MORE-IMAGES --output mine.safetensors", "a model of more images like them"),
      ])
      throw error
    }
    var facts = ReportFacts.ofRun(
      network, model.model, rule: scan.rule,
      statistic: verdict.statistic ?? .standard(evaluations: model.evaluations?.count ?? 0))
    facts.notes = outcome.text(scan.rule).components(separatedBy: "\n")
    writer.facts = facts
    try file?.write(writer.end)
    try file?.finish()
    shown.note(outcome.text(scan.rule))
    try collecting.finish(collection, shown)
    if let kept {
      let mine = try outcome.fitted(
        budget: model.evaluations ?? .look, compute: model.compute,
        progress: { shown.progress("fitting to image \($0) of \($1)") })
      shown.progressDone()
      try mine.write(to: kept)
      shown.note("\(kept.name): a model of \(outcome.ordinaryCount) images that were not flagged")
    }
    let name = save ?? FilePath("mine.safetensors")
    var steps: [(String, String)] = []
    if save == nil {
      steps.append(
        (
          "surprisal scan \(images.quoted) --save \(name.quoted)",
          "keeps them as a model, to judge new images by"
        ))
    } else {
      steps.append(("surprisal scan NEW-IMAGES --model \(name.quoted)", "judges new images by these"))
    }
    steps.append(
      (
        "surprisal train \(images.quoted) --output \(name.quoted)",
        "learns them, for bits a pixel and nearer outliers"
      ))
    if let first {
      steps.append(
        (
          "surprisal explain \(first.quoted) --model \(name.quoted)",
          "by such a model: what is odd about this one"
        ))
    }
    shown.next(steps)
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
          format:
            "\nas a whole: p-value %.2g that these are drawn from the population (scores %.2g, mean bits/dim %.2g)",
          $0.pValue, $0.scores.pValue, $0.bitsPValue ?? 1)
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
