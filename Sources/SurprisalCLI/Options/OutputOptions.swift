import ArgumentParser
import Foundation
import Surprisal

/// What people see while a command runs: on standard error, nothing with --quiet.
struct OutputOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "No progress and no notes; errors only.")
  var quiet = false

  /// Colours are off where NO_COLOR is set and not empty (no-color.org).
  static var allowsColour: Bool { (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty }

  @Flag(help: "Also say what is being used: model, references, engine.")
  var verbose = false

  func detail(_ text: @autoclosure () -> String) {
    if verbose, !quiet { write(text() + "\n") }
  }

  /// Says which model is used.
  func detail(_ model: Model, _ name: String) {
    let evaluations = model.calibrations.map { "\($0.evaluations)" }.joined(separator: ", ")
    let calibrated =
      [model.sight.map { "by \($0.path)" }, evaluations.isEmpty ? nil : "at \(evaluations) evaluations"]
      .compactMap { $0 }.joined(separator: " and ")
    detail(
      "model \(name): \(model.facts.trainingImages) training images, calibrated \(calibrated); "
        + "oneDNN \(Compute.engineVersion)")
  }

  func note(_ text: String) {
    if !quiet { write(text + "\n") }
  }

  /// What to do next: commands, each with what it is for.
  func next(_ steps: [(command: String, purpose: String)]) {
    guard !steps.isEmpty else { return }
    let width = steps.map(\.command.count).max() ?? 0
    for (index, step) in steps.enumerated() {
      let command = step.command.padding(
        toLength: max(width, step.command.count), withPad: " ", startingAt: 0)
      note((index == 0 ? "next:  " : "       ") + command + "   # " + step.purpose)
    }
  }

  func warn(_ text: String) { write("warning: \(text)\n") }

  var isOnTerminal: Bool { isatty(2) != 0 }

  /// Whether anyone sees how far a run is.
  var showsProgress: Bool { !quiet && (isOnTerminal || verbose) }

  /// Overwrites the line; only on a terminal.
  func progress(_ text: @autoclosure () -> String) {
    if !quiet, isOnTerminal { write("\r\u{1B}[K" + text()) }
  }

  func progressDone() { progress("") }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
