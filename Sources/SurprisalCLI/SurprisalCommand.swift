import ArgumentParser
import Foundation
import Surprisal

@main
struct SurprisalCommand: ParsableCommand {
  static func main() {
    // A file that may not grow any more is then an error that can be told, and not the end.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try parseAsRoot(ArgumentBytes.arguments)
      try command.run()
      // What was printed and could not be written.
      guard fflush(nil) == 0 else {
        throw DestinationError(
          name: Destination.standardOutput.name, reason: String(cString: strerror(errno)))
      }
    } catch { exit(withError: error) }
  }

  /// Name, version and engine.
  static var program: String { "surprisal \(configuration.version), oneDNN \(Compute.engineVersion)" }

  static let configuration = CommandConfiguration(
    commandName: "surprisal",
    abstract: "Tells which images do not belong, in bits per dimension.",
    discussion: """
      A model learns a population of images from examples; scan, gate and explain then say how surprising each
      image is under it, with a stated error rate.

      Exit codes: 0 done, 1 could not run, 2 gate failed, 3 gate could not decide, 64 wrong usage,
      130 interrupted: what there was is kept.
      """,
    version: "0.1.0",
    subcommands: [
      TrainCommand.self, FitCommand.self, ScanCommand.self, GateCommand.self, SampleCommand.self,
      EvaluateCommand.self, ExplainCommand.self, ModelCommand.self, MergeCommand.self, CacheCommand.self,
    ])
}
