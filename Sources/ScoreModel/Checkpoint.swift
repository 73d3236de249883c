import Foundation

/// An interrupted training run: options, network, optimiser state. One `.safetensors` file.
public struct Checkpoint: Sendable {
  public let architecture: Architecture
  package let preconditioning: Preconditioning
  public let options: TrainingOptions
  package let state: TrainingState

  package init(
    architecture: Architecture, preconditioning: Preconditioning, options: TrainingOptions,
    state: TrainingState
  ) {
    self.architecture = architecture
    self.preconditioning = preconditioning
    self.options = options
    self.state = state
  }

  private struct Facts: Codable {
    let architecture: Architecture
    let preconditioning: Preconditioning
    let options: TrainingOptions
    let step: Int
  }

  private static let key = "surprisal.checkpoint"

  /// - Throws: `ModelFileError` naming the path when it is no checkpoint.
  public init(path: String) throws(ModelFileError) {
    let file = try SafeTensors(path: path)
    guard let text = file.metadata[Self.key],
      let facts = try? JSONDecoder().decode(Facts.self, from: Data(text.utf8)),
      let values = file.tensors["values"], let first = file.tensors["first"],
      let second = file.tensors["second"], let average = file.tensors["average"]
    else { throw .damaged(path: path, reason: "not a training checkpoint") }
    if let refusal = facts.architecture.refusal { throw .damaged(path: path, reason: refusal) }
    architecture = facts.architecture
    preconditioning = facts.preconditioning
    options = facts.options
    state = TrainingState(
      step: facts.step, values: values.values, first: first.values, second: second.values,
      average: average.values)
  }

  /// Writes atomically: an interruption leaves the previous checkpoint.
  public func write(to path: String) throws {
    var file = SafeTensors()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let facts = Facts(
      architecture: architecture, preconditioning: preconditioning, options: options, step: state.step)
    file.metadata[Self.key] = String(decoding: try encoder.encode(facts), as: UTF8.self)
    file.tensors = [
      "values": .init(state.values), "first": .init(state.first), "second": .init(state.second),
      "average": .init(state.average),
    ]
    try file.write(to: path)
  }
}
