import Files
import Foundation
import Images
import Tensors

/// An interrupted training run: options, network, optimiser state, and what it is a run over. One `.safetensors` file.
public struct Checkpoint: Sendable {
  public let architecture: Architecture
  package let preconditioning: Preconditioning
  public let options: TrainingOptions
  package let state: TrainingState
  /// Nil where another program wrote the checkpoint and said nothing of its images.
  public let run: Run?
  /// What held-out images have said so far.
  public let watch: Watch
  /// The averaged parameters that they said the best of; nil where none are kept.
  package let best: [Float]?
  /// The parameters that it began from, where these were another network's.
  package let start: [Float]?

  /// What a run is over, beside the options: enough to go on without a word.
  public struct Run: Codable, Sendable, Hashable {
    /// Images as they were named; nil where they were too many to keep.
    public package(set) var paths: [FilePath]?
    public package(set) var heldOut: [FilePath]
    /// Images that train, and those held out: their pixels at the network's size, in order.
    public package(set) var training: Contents
    public package(set) var validation: Contents
    /// Nil where it follows from how many images there are.
    public package(set) var validationShare: Double?
    public package(set) var validations: Int
    /// What was asked for; nil where steps were.
    public package(set) var minutes: Double?
    /// Of the reference scores; nil for every stage of `auto`, 0 where they are yet to be chosen.
    public package(set) var evaluations: Int?
    /// Validations in a row that may bring nothing; nil where every step is taken.
    public package(set) var patience: Int?
    /// Steps that the eyes learn for: 0 where there are to be none; nil where it follows from the training's.
    public package(set) var eyes: Int?
    /// Steps that damage is learned for, likewise.
    public package(set) var damage: Int?
    /// How things are brought to where others lie before they are trained on; nil where images are taken whole.
    public package(set) var alignment: Alignment?
    /// Training so far, all runs together.
    public package(set) var secondsSpent: Double

    package init(
      paths: [FilePath]?, heldOut: [FilePath], training: Contents, validation: Contents,
      validationShare: Double?, validations: Int, minutes: Double?, evaluations: Int?, patience: Int?,
      eyes: Int? = nil, damage: Int? = nil, alignment: Alignment? = nil
    ) {
      self.paths = paths
      self.heldOut = heldOut
      self.training = training
      self.validation = validation
      self.validationShare = validationShare
      self.validations = validations
      self.minutes = minutes
      self.evaluations = evaluations
      self.patience = patience
      self.eyes = eyes
      self.damage = damage
      self.alignment = alignment
      secondsSpent = 0
    }
  }

  /// Images by what they show, whatever they are named.
  public struct Contents: Codable, Sendable, Hashable, CustomStringConvertible {
    public let count: Int
    /// SHA-256 of the pixels, in hexadecimal.
    public let digest: String

    package init(count: Int, digest: String) {
      self.count = count
      self.digest = digest
    }

    public var description: String { "\(count) images of content \(digest.prefix(12))" }
  }

  package init(
    architecture: Architecture, preconditioning: Preconditioning, options: TrainingOptions,
    state: TrainingState, run: Run?, watch: Watch = Watch(), best: [Float]? = nil,
    start: [Float]? = nil
  ) {
    self.architecture = architecture
    self.preconditioning = preconditioning
    self.options = options
    self.state = state
    self.run = run
    self.watch = watch
    self.best = best
    self.start = start
  }

  /// - Throws: `ModelFileError` naming the path and the cause.
  public init(path: String) throws(ModelFileError) {
    do throws(ModelFileError) { try self.init(try SafeTensors(path: path), path: path) } catch {
      guard case .damaged(let path, let reason) = error else { throw error }
      throw .damagedCheckpoint(path: path, reason: reason)
    }
  }
}

extension Checkpoint.Run {
  /// Why a run cannot be so, or nil when it can.
  var refusal: String? {
    for (name, value) in [("training", training.count), ("validation", validation.count)] where value < 1 {
      return "\(value) \(name) images: must be at least 1"
    }
    if let validationShare, !(validationShare > 0 && validationShare < 1) {
      return "validation share \(validationShare): must lie between 0 and 1"
    }
    guard (1...TrainingOptions.mostSteps).contains(validations) else {
      return "\(validations) validations: must be at least 1"
    }
    if let evaluations, !(0...4096).contains(evaluations) {
      return "\(evaluations) evaluations: must be from 0 to 4096"
    }
    if let minutes, !(minutes > 0 && minutes.isFinite) { return "\(minutes) minutes: must be above 0" }
    if let patience, !(1...TrainingOptions.mostSteps).contains(patience) {
      return "patience \(patience): must be at least 1"
    }
    if let eyes, !(0...TrainingOptions.mostSteps).contains(eyes) {
      return "\(eyes) steps of the eyes: must be at least 0"
    }
    if let damage, !(0...TrainingOptions.mostSteps).contains(damage) {
      return "\(damage) steps of learning damage: must be at least 0"
    }
    return secondsSpent >= 0 && secondsSpent.isFinite ? nil : "\(secondsSpent) seconds spent"
  }
}

// MARK: The file

extension Checkpoint {
  /// 1: without a run. 2: with one. 3: with what held-out images said. 4: with the network that it began from.
  private static let formatVersion = 4
  private static let key = "surprisal.checkpoint"
  /// Longest list of paths kept, in bytes: a run over more is gone on with by naming them again.
  private static let longestPaths = 1 << 20

  fileprivate struct Facts: Codable {
    let formatVersion: Int
    let architecture: Architecture
    let preconditioning: Preconditioning
    let options: TrainingOptions
    let step: Int
    /// `TrainingState.smoothedLoss`.
    let loss: Float
    let run: Checkpoint.Run?
    let watch: Checkpoint.Watch?
  }

  private struct Version: Decodable { let formatVersion: Int? }

  package init(_ file: SafeTensors, path: String) throws(ModelFileError) {
    func damaged(_ reason: String) -> ModelFileError { .damaged(path: path, reason: reason) }
    guard let version = try file.metadata(Version.self, at: Self.key, path: path) else {
      throw damaged("not a training checkpoint")
    }
    guard (version.formatVersion ?? 1) <= Self.formatVersion else {
      throw .tooNew(path: path, version: version.formatVersion ?? 1)
    }
    guard let facts = try file.metadata(Facts.self, at: Self.key, path: path) else {
      throw damaged("not a training checkpoint")
    }
    // The tensors' lengths are checked before any is read.
    let count = Parameters.count(of: Network(facts.architecture).parameterSpecs)
    func tensor(_ name: String) throws(ModelFileError) -> SafeTensors.Tensor {
      guard let tensor = file.tensors[name] else { throw damaged("tensor \(name) is missing") }
      guard tensor.count == count else {
        throw damaged("tensor \(name) has \(tensor.count) values where the architecture needs \(count)")
      }
      return tensor
    }
    let parts = (
      values: try tensor("values"), first: try tensor("first"), second: try tensor("second"),
      average: try tensor("average")
    )
    state = TrainingState(
      step: facts.step, values: try parts.values.values, first: try parts.first.values,
      second: try parts.second.values, average: try parts.average.values, smoothedLoss: facts.loss)
    if let refusal = state.refusal { throw damaged(refusal) }
    architecture = facts.architecture
    preconditioning = facts.preconditioning
    options = facts.options
    run = facts.run
    watch = facts.watch ?? Watch()
    func finite(_ name: String) throws(ModelFileError) -> [Float] {
      let values = try tensor(name).values
      guard values.allSatisfy(\.isFinite) else { throw damaged("tensor \(name) holds what is no number") }
      return values
    }
    best = watch.best == nil ? nil : try finite("best")
    start = file.tensors["start"] == nil ? nil : try finite("start")
  }

  /// Writes atomically: an interruption leaves the previous checkpoint.
  /// - Throws: `ModelFileError.unwritable`.
  public func write(to path: String) throws { try file().write(to: path) }

  package func file() throws -> SafeTensors {
    var file = SafeTensors()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var run = run
    // Bytes that are no text are kept as numbers, four characters each.
    let length = run?.paths?.reduce(0) { $0 + ($1.isText ? 1 : 4) * $1.bytes.count + 3 } ?? 0
    if length > Self.longestPaths { run?.paths = nil }
    let facts = Facts(
      formatVersion: Self.formatVersion, architecture: architecture, preconditioning: preconditioning,
      options: options, step: state.step, loss: state.smoothedLoss, run: run, watch: watch)
    file.metadata[Self.key] = String(decoding: try encoder.encode(facts), as: UTF8.self)
    file.tensors = [
      "values": .init(state.values), "first": .init(state.first), "second": .init(state.second),
      "average": .init(state.average),
    ]
    if let best { file.tensors["best"] = .init(best) }
    if let start { file.tensors["start"] = .init(start) }
    return file
  }
}

extension Checkpoint.Facts {
  private enum CodingKeys: String, CodingKey {
    case formatVersion, architecture, preconditioning, options, step, loss, run, watch
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    formatVersion = try values.decodeIfPresent(Int.self, forKey: .formatVersion) ?? 1
    architecture = try values.decode(Architecture.self, forKey: .architecture)
    preconditioning = try values.decode(Preconditioning.self, forKey: .preconditioning)
    options = try values.decode(TrainingOptions.self, forKey: .options)
    step = try values.decode(Int.self, forKey: .step)
    loss = try values.decodeIfPresent(Float.self, forKey: .loss) ?? TrainingState.startingLoss
    run = try values.decodeIfPresent(Checkpoint.Run.self, forKey: .run)
    watch = try values.decodeIfPresent(Checkpoint.Watch.self, forKey: .watch)
    try decoder.refuse((1...Int.max).contains(formatVersion) ? nil : "format version \(formatVersion)")
    try decoder.refuse(
      (0...options.steps).contains(step) ? nil : "step \(step): must be from 0 to the \(options.steps) steps")
    try decoder.refuse(run?.refusal ?? watch?.refusal(after: step))
  }
}
