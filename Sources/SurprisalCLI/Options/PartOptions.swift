import ArgumentParser
import Surprisal

/// A scan that is one of several over the same images.
struct PartOptions: ParsableArguments {
  @Option(
    help:
      "Score one share of the images, such as 3/16, by their paths; surprisal merge puts all shares together."
  )
  var shard: Shard?

  @Flag(
    help:
      "Write records as surprisal merge takes them, with all digits, whatever share of the images they are.")
  var part = false

  var isPart: Bool { part || shard != nil }

  /// - Throws: `ValidationError` where records of this format cannot be put together.
  func refuse(_ format: ReportFormat?) throws {
    guard isPart, let format, format != .jsonl, format != .csv else { return }
    throw ValidationError("parts are jsonl or csv, not \(format.rawValue): surprisal merge writes the others")
  }

  /// Nil for a scan that is whole.
  func portion(_ model: String) -> Scan.Portion? {
    isPart ? Scan.Portion(shard: shard, model: model, program: SurprisalCommand.program) : nil
  }
}
