import ArgumentParser
import Foundation
import Surprisal

extension ReportFacts {
  /// What a report says of the run that made it.
  static func ofRun(
    _ model: Model, _ name: String, rule: FlaggingRule, statistic: String
  ) -> ReportFacts {
    var facts = ReportFacts()
    let rate =
      switch rule {
      case .falsePositiveRate(let rate): String(format: "false positive rate %g", rate)
      case .falseDiscoveryRate(let rate): String(format: "false discovery rate %g", rate)
      }
    facts.facts = [
      Fact("command", CommandLine.arguments.map { FilePath($0).quoted }.joined(separator: " ")),
      Fact("in folder", FileManager.default.currentDirectoryPath),
      Fact("model", name),
      Fact("its SHA-256", model.digest),
      Fact("statistic", statistic),
      Fact("rule", rate),
      Fact("version", SurprisalCommand.program),
      Fact("made", Date.now.formatted(.iso8601)),
    ]
    return facts
  }
}
