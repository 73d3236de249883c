import Detection
import Diffusion
import Foundation
import Images
import ScoreModel
import Tensors

/// A population learned from images: everything a score depends on, as one file holds it.
public struct Model: Sendable {
  /// What is known of the training.
  public struct Facts: Codable, Sendable, Hashable {
    public var trainingImages = 0
    public var validationImages = 0
    public var options = TrainingOptions()
    /// Mean over the validation images, at the calibration's evaluations.
    public var validationBitsPerDim = 0.0
    public var onednn = ""
    /// Evaluations whose reference scores come from the model's own samples; the others' are of real images.
    public var generatedReferences: [Int]?

    public init() {}
  }

  public let architecture: Architecture
  public let preconditioning: Preconditioning
  public let range: NoiseLevelRange
  public let moments: PopulationMoments
  /// Seed of the common noise that images are scored with.
  public let noise: NoiseSource
  /// Learned tensors by name.
  public let weights: [String: [Float]]
  /// Control variate and survey of the integrand: what makes few evaluations enough. Nil while training.
  public private(set) var control: LogProbability.Control?
  public var calibrations: [Calibration] = []
  /// The ladder of `EvaluationBudget.auto`, when calibrated for it.
  public var adaptive: AdaptiveCalibration?
  public var facts = Facts()

  static let formatVersion = 3
  private static let key = "surprisal"

  public init(
    architecture: Architecture, preconditioning: Preconditioning, range: NoiseLevelRange,
    moments: PopulationMoments, noise: NoiseSource, weights: [String: [Float]]
  ) {
    self.architecture = architecture
    self.preconditioning = preconditioning
    self.range = range
    self.moments = moments
    self.noise = noise
    self.weights = weights
  }

  public var shape: ImageShape { architecture.shape }

  /// The calibration for a number of evaluations, or the first one.
  public func calibration(evaluations: Int?) throws -> Calibration {
    let found =
      evaluations.map { wanted in calibrations.first { $0.evaluations == wanted } } ?? calibrations.first
    guard let found else {
      throw UsageError(
        evaluations.map {
          "the model has no reference scores for \($0) evaluations: run surprisal calibrate --evaluations \($0)"
        }
          ?? "the model is not calibrated: run surprisal calibrate")
    }
    return found
  }

  /// Fits the control variate to training images and surveys the integrand on 48 of them.
  ///
  /// Calibrations made before are dropped: their scores came from other noise levels.
  public mutating func survey(
    on images: ImageBatch, engine: Engine, progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let variate = ControlVariate(fitting: images, mean: moments.mean)
    let used = stride(from: 0, to: images.count, by: max(1, images.count / 48)).prefix(48)
    let survey = try IntegrandSurvey(
      of: images[used], under: try denoiser(engine: engine), range: range,
      control: variate, seed: noise.seed ^ 0x5355_5256_4559, progress: progress)
    control = LogProbability.Control(variate: variate, survey: survey)
    calibrations = []
    adaptive = nil
  }

  /// The trained network as a denoiser.
  public func denoiser(
    engine: Engine, precision: Precision = .fastest, batch: Int? = nil
  ) throws(EngineError) -> ScoreNetwork {
    try ScoreNetwork(
      Network(architecture), parameters: try parameters(), preconditioning: preconditioning, engine: engine,
      precision: precision, batch: batch)
  }

  /// The weights as a network takes them.
  func parameters() throws(EngineError) -> Parameters {
    let parameters = Parameters(Network(architecture).parameterSpecs)
    for (name, values) in weights { try parameters.write(values, to: name) }
    return parameters
  }

  /// The trained network with its gradient with respect to the input, for `ProbabilityFlow`.
  public func differentiableDenoiser(
    engine: Engine, batch: Int
  ) throws(EngineError) -> DifferentiableNetwork {
    try DifferentiableNetwork(
      Network(architecture), parameters: try parameters(), preconditioning: preconditioning, engine: engine,
      batch: batch)
  }

  // MARK: File

  private struct Header: Codable {
    let formatVersion: Int
    let architecture: Architecture
    let preconditioning: Preconditioning
    let range: NoiseLevelRange
    let noise: NoiseSource
    let resampling: String
    let evaluations: [Int]
    /// Stages of `auto`, when calibrated for it.
    let ladder: [Int]?
    let facts: Facts
  }

  private struct Version: Codable { let formatVersion: Int }

  /// - Throws: `ModelFileError` with the path and the cause.
  public init(path: String) throws(ModelFileError) {
    let file = try SafeTensors(path: path)
    func damaged(_ reason: String) -> ModelFileError { .damaged(path: path, reason: reason) }
    guard let text = file.metadata[Self.key] else { throw damaged("no surprisal metadata") }
    let json = Data(text.utf8)
    guard let version = try? JSONDecoder().decode(Version.self, from: json).formatVersion else {
      throw damaged("metadata has no format version")
    }
    guard version <= Self.formatVersion else { throw .tooNew(path: path, version: version) }
    guard let header = try? JSONDecoder().decode(Header.self, from: json) else {
      throw damaged("metadata is incomplete")
    }
    if let refusal = header.architecture.refusal { throw damaged(refusal) }
    guard header.range.lower > 0, header.range.lower < header.range.upper, header.range.upper.isFinite,
      header.preconditioning.deviation > 0, header.preconditioning.mean.isFinite
    else { throw damaged("noise range or preconditioning out of range") }
    func tensor(_ name: String, _ count: Int? = nil) throws(ModelFileError) -> [Float] {
      guard let tensor = file.tensors[name] else { throw damaged("tensor \(name) is missing") }
      if let count, tensor.values.count != count {
        throw damaged("tensor \(name) has \(tensor.values.count) values, not \(count)")
      }
      guard tensor.values.allSatisfy(\.isFinite) else {
        throw damaged("tensor \(name) holds what is no number")
      }
      return tensor.values
    }
    architecture = header.architecture
    preconditioning = header.preconditioning
    range = header.range
    noise = header.noise
    facts = header.facts
    let d = header.architecture.shape.count
    moments = PopulationMoments(
      mean: try tensor("population.mean", d), variance: try tensor("population.variance", d))
    var weights: [String: [Float]] = [:]
    for spec in Network(header.architecture).parameterSpecs {
      weights[spec.name] = try tensor("network.\(spec.name)", spec.count)
    }
    self.weights = weights
    let levels = try tensor("survey.sigmas").map(Double.init)
    guard (2...4096).contains(levels.count), zip(levels, levels.dropFirst()).allSatisfy({ $0 < $1 }),
      levels[0] > 0
    else { throw damaged("the survey's noise levels do not ascend") }
    let survey = IntegrandSurvey(
      sigmas: levels, integrand: try tensor("survey.integrand", levels.count).map(Double.init),
      multiples: try tensor("survey.multiples", levels.count * ControlVariate.count).map(Double.init))
    guard survey.integrand.allSatisfy({ $0 >= 0 }) else {
      throw damaged("the survey has a negative integrand")
    }
    let spectrum = try tensor("population.spectrum", d)
    guard spectrum.allSatisfy({ $0 >= 0 }) else { throw damaged("the population's spectrum is negative") }
    control = LogProbability.Control(
      variate: ControlVariate(shape: header.architecture.shape, mean: moments.mean, spectrum: spectrum),
      survey: survey)
    // Earlier versions held other statistics: such a model reads as one not yet calibrated.
    guard version == Self.formatVersion else { return }
    for evaluations in header.evaluations {
      guard (1...4096).contains(evaluations) else { throw damaged("\(evaluations) evaluations") }
      let name = "calibration.\(evaluations)"
      var references: [StatisticName: ReferenceScores] = [:]
      do {
        for statistic in StatisticName.allCases {
          references[statistic] = try ReferenceScores(
            try tensor("\(name).reference.\(statistic.rawValue)").map(Double.init))
        }
        let typicality = try TypicalityStatistic {
          try tensor("\(name).typicality.\($0)", $1).map(Double.init)
        }
        let profile = try ProfileStatistic { try tensor("\(name).profile.\($0)", $1).map(Double.init) }
        let combined = try CombinedStatistic { try tensor("\(name).combined.\($0)", $1).map(Double.init) }
        let local = try LocalStatistic { try tensor("\(name).local.\($0)", $1).map(Double.init) }
        let nodes = Evaluations(evaluations).nodes
        let grid = ErrorBreakdown.Grid(architecture.shape)
        if let refusal = profile.refusal(nodes: nodes) ?? combined.refusal(nodes: nodes, grid: grid)
          ?? local.refusal(sides: Spot.sides(architecture.shape).count)
        {
          throw damaged(refusal)
        }
        calibrations.append(
          Calibration(
            evaluations: evaluations, typicality: typicality, profile: profile, combined: combined,
            local: local, references: references))
      } catch let error as ModelFileError { throw error } catch { throw damaged("\(error)") }
    }
    if let stages = header.ladder {
      let known = Set(header.evaluations)
      guard stages.count >= 2, stages == stages.sorted(), stages.allSatisfy(known.contains) else {
        throw damaged("the stages of auto evaluations are not calibrated")
      }
      func ladders(_ name: String) throws(ModelFileError) -> [[Double]] {
        let values = try tensor(name).map(Double.init)
        guard values.count % stages.count == 0 else { throw damaged("tensor \(name) is cut") }
        return stride(from: 0, to: values.count, by: stages.count).map {
          Array(values[$0..<$0 + stages.count])
        }
      }
      var fitting: [StatisticName: [[Double]]] = [:]
      var references: [StatisticName: [[Double]]] = [:]
      for statistic in StatisticName.allCases {
        fitting[statistic] = try ladders("auto.fitting.\(statistic.rawValue)")
        references[statistic] = try ladders("auto.reference.\(statistic.rawValue)")
      }
      adaptive = AdaptiveCalibration(evaluations: stages, fitting: fitting, references: references)
    }
  }

  /// Writes atomically.
  public func write(to path: String) throws {
    var file = SafeTensors()
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let header = Header(
      formatVersion: Self.formatVersion, architecture: architecture, preconditioning: preconditioning,
      range: range, noise: noise, resampling: "area", evaluations: calibrations.map(\.evaluations),
      ladder: adaptive?.evaluations, facts: facts)
    file.metadata[Self.key] = String(decoding: try encoder.encode(header), as: UTF8.self)
    let image = [shape.height, shape.width, shape.channels]
    file.tensors["population.mean"] = .init(shape: image, values: moments.mean)
    file.tensors["population.variance"] = .init(shape: image, values: moments.variance)
    if let control {
      let survey = control.survey
      file.tensors["population.spectrum"] = .init(
        shape: [shape.channels, shape.height, shape.width], values: control.variate.spectrum)
      file.tensors["survey.sigmas"] = .init(survey.sigmas.map { Float($0) })
      file.tensors["survey.integrand"] = .init(survey.integrand.map { Float($0) })
      file.tensors["survey.multiples"] = .init(
        shape: [survey.sigmas.count, ControlVariate.count], values: survey.multiples.map { Float($0) })
    }
    for spec in Network(architecture).parameterSpecs {
      file.tensors["network.\(spec.name)"] = .init(shape: spec.shape, values: weights[spec.name] ?? [])
    }
    for calibration in calibrations {
      let name = "calibration.\(calibration.evaluations)"
      for (part, statistic) in [
        ("typicality", calibration.typicality), ("profile", calibration.profile),
        ("combined", calibration.combined), ("local", calibration.local),
      ] as [(String, any Statistic)] {
        for (tensor, values) in statistic.tensors {
          file.tensors["\(name).\(part).\(tensor)"] = .init(values.map { Float($0) })
        }
      }
      for (statistic, scores) in calibration.references {
        file.tensors["\(name).reference.\(statistic.rawValue)"] = .init(scores.sorted.map { Float($0) })
      }
    }
    for (statistic, ladders) in adaptive?.fitting ?? [:] {
      file.tensors["auto.fitting.\(statistic.rawValue)"] = Self.tensor(ladders)
    }
    for (statistic, ladders) in adaptive?.references ?? [:] {
      file.tensors["auto.reference.\(statistic.rawValue)"] = Self.tensor(ladders)
    }
    try file.write(to: path)
  }

  private static func tensor(_ ladders: [[Double]]) -> SafeTensors.Tensor {
    .init(
      shape: [ladders.count, ladders.first?.count ?? 0], values: ladders.flatMap { $0 }.map { Float($0) })
  }

  // MARK: Names

  /// The file that `--model` means: a path, or a name looked up in `folders` with `.safetensors` added.
  /// - Throws: `UsageError` naming where it was looked for.
  public static func locate(_ name: String, in folders: [String]) throws -> String {
    if name.contains("/") || name.hasSuffix(".safetensors") || FileManager.default.fileExists(atPath: name) {
      return name
    }
    let candidates = folders.map { "\($0)/\(name).safetensors" }
    if let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) { return found }
    throw UsageError("no model named \(name): looked for \(candidates.joined(separator: ", "))")
  }
}

/// Something the user asked for that cannot be, in words that say what can.
public struct UsageError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// How a number of network evaluations is spent: two replicates of half as many nodes where that leaves at least
/// four nodes, one replicate otherwise.
struct Evaluations {
  let nodes: Int
  let replicates: Int

  init(_ count: Int) {
    replicates = count >= 8 && count % 2 == 0 ? 2 : 1
    nodes = count / replicates
  }
}
