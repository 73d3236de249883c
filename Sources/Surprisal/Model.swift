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
    public package(set) var trainingImages = 0
    public package(set) var validationImages = 0
    public package(set) var options = TrainingOptions()
    /// Mean over the validation images, at the calibration's evaluations.
    public package(set) var validationBitsPerDim = 0.0
    public package(set) var onednn = ""
    /// Evaluations whose reference scores come from the model's own samples; the others' are of real images.
    public package(set) var generatedReferences: [Int]?
    /// By what images are judged at a number of evaluations, where a trial chose another than `combined`.
    public package(set) var statistic: StatisticName?

    package init() {}
  }

  public let architecture: Architecture
  package let preconditioning: Preconditioning
  /// Noise levels that the integral runs over.
  public let range: NoiseLevelRange
  package let moments: PopulationMoments
  /// Seed of the common noise that images are scored with.
  package let noise: CommonNoise
  package let weights: FrozenWeights
  /// Control variate and survey of the integrand: what makes few evaluations enough. Nil while training.
  package internal(set) var control: LogProbability.Control?
  public internal(set) var calibrations: [Calibration] = []
  /// The ladder of `EvaluationBudget.auto`, when calibrated for it.
  package internal(set) var adaptive: AdaptiveCalibration?
  public internal(set) var facts = Facts()
  /// Weights of the way down that one look goes by, where those are not the network's own but the ones that training began from.
  package internal(set) var looking: FrozenWeights?
  /// Weights of `eyeNetwork`, where it learned to tell its images from altered ones.
  package internal(set) var eyes: FrozenWeights?
  /// Weights of `damageNetwork`, where it learned to mark damage.
  package internal(set) var damageEyes: FrozenWeights?
  /// What it knows by an encoder, where it was fitted with one: what images are then judged by unless asked otherwise.
  public internal(set) var sight: Sight?
  /// How images are cut, where the model looks at tiles of them: its calibrations are then of whole images by all their tiles.
  public internal(set) var tiling: Tiling?
  /// How the thing that images show is brought to where others lie before they are looked at; nil where they are looked at whole.
  /// Files are aligned as they are read (`ImageReading.image(at:for:)`); images in memory are taken as aligned already (`Alignment.aligned`).
  public internal(set) var alignment: Alignment?
  /// Some of the images that it was calibrated on, to show what is ordinary.
  var examples: Examples?
  /// Images that it was trained and calibrated on, to tell when it is to judge them.
  var learned = LearnedImages()

  package init(
    architecture: Architecture, preconditioning: Preconditioning, range: NoiseLevelRange,
    moments: PopulationMoments, noise: CommonNoise, weights: FrozenWeights
  ) {
    self.architecture = architecture
    self.preconditioning = preconditioning
    self.range = range
    self.moments = moments
    self.noise = noise
    self.weights = weights
  }

  public var shape: ImageShape { architecture.shape }

  /// Numbers learned.
  public var parameterCount: Int {
    [weights, looking, eyes, damageEyes].reduce(0) { $0 + ($1?.count ?? 0) }
  }

  /// Whether one look goes by the network that training began from, which is kept beside.
  public var looksAsBegun: Bool { looking != nil }

  /// Whether it learned to tell its images from altered ones.
  public var hasEyes: Bool { eyes != nil }

  /// Whether it learned to mark damage.
  public var hasDamageEyes: Bool { damageEyes != nil }

  package var eyeNetwork: EyeNetwork { EyeNetwork(architecture) }

  /// Where the model has damage eyes, its shape is one that `Damage.takes`.
  package var damageNetwork: DamageNetwork { DamageNetwork(shape) }

  /// The calibration for a number of evaluations, or the first one.
  /// - Throws: `SurprisalError.notCalibrated`, `.encoderAlone`.
  public func calibration(evaluations: Int? = nil) throws(SurprisalError) -> Calibration {
    let found =
      evaluations.map { wanted in calibrations.first { $0.evaluations == wanted } } ?? calibrations.first
    guard let found else {
      throw sight != nil && calibrations.isEmpty
        ? .encoderAlone : .notCalibrated(evaluations: evaluations)
    }
    return found
  }

  /// What images are judged by unless asked otherwise.
  /// - Parameter evaluations: nil for those of the first calibration.
  public func standardStatistic(evaluations: Int? = nil) -> StatisticName {
    guard let calibration = try? calibration(evaluations: evaluations) else {
      return .standard(evaluations: evaluations ?? EvaluationBudget.standardCount)
    }
    guard calibration.evaluations > 0, let chosen = facts.statistic, calibration.names.contains(chosen) else {
      return calibration.standard
    }
    return chosen
  }

  /// The same for a budget: nil for the model's own, by an encoder where it was fitted with one.
  public func standardStatistic(under budget: EvaluationBudget?) -> StatisticName {
    switch budget {
    case .auto: .standard(evaluations: EvaluationBudget.ladder[0])
    case nil where sight != nil: .sight
    default: standardStatistic(evaluations: budget?.count)
    }
  }

  /// How images are read that it is to judge: aligned as those were that it was fitted to, and measured, where it was fitted to measured ones.
  func reading(_ reading: ImageReading) -> ImageReading {
    var reading = aligning(reading)
    if tiling == nil, calibrations.contains(where: { $0.evaluations == 0 }) {
      reading.decoder.takesMeasures = true
    }
    return reading
  }

  /// How images are read that it is to see, and no more.
  public func aligning(_ reading: ImageReading) -> ImageReading {
    var reading = reading
    reading.decoder.alignment = alignment
    return reading
  }

  /// What estimates at a number of evaluations look like.
  func form(evaluations: Int) -> EstimateForm {
    var form = EstimateForm(
      sigmas: evaluations > 0 ? quadrature(evaluations: evaluations).sigmas : [], shape: shape,
      activations: ActivationNetwork.count(architecture),
      eyes: eyes == nil
        ? nil : EyeForm(activations: eyeNetwork.activationCount, alterations: eyeNetwork.alterations),
      damage: damageEyes == nil ? nil : DamageForm(of: damageNetwork))
    form.isAligned = alignment != nil
    return form
  }

  /// Nodes and weights of the integral at so many evaluations an image.
  func quadrature(evaluations: Int) -> Quadrature {
    quadrature(nodes: QuadratureSize(evaluations: evaluations).nodes)
  }

  func quadrature(nodes: Int) -> Quadrature {
    control.map { .placed(nodes, by: $0.survey) }
      ?? .twoPanels(nodes, over: range, knee: 3 * Double(preconditioning.deviation))
  }

  /// Fits the control variate to training images and surveys the integrand on 48 of them.
  ///
  /// Calibrations made before are dropped: their scores came from other noise levels.
  package mutating func survey(
    on images: ImageBatch, compute: Compute = Compute(), progress: (Int, Int) -> Void = { _, _ in }
  ) throws {
    let variate = ControlVariate(fitting: images, mean: moments.mean)
    let used = stride(from: 0, to: images.count, by: max(1, images.count / 48)).prefix(48)
    let pool = NetworkPool(self, precision: compute.precision, engine: try compute.engine())
    let survey = try IntegrandSurvey(
      of: images[used], under: PooledDenoiser(pool: pool), range: range,
      control: variate, seed: noise.seed ^ 0x5355_5256_4559, progress: progress)
    control = LogProbability.Control(variate: variate, survey: survey)
    calibrations = []
    adaptive = nil
  }

  /// The trained network as a denoiser.
  package func denoiser(
    engine: Engine, precision: Precision = .fastest, batch: Int? = nil
  ) throws(EngineError) -> ScoreNetwork {
    try ScoreNetwork(
      Network(architecture), weights: weights, preconditioning: preconditioning, engine: engine,
      precision: precision, batch: batch)
  }

  /// The trained network with its gradient with respect to the input, for `ProbabilityFlow`.
  package func differentiableDenoiser(
    engine: Engine, batch: Int
  ) throws(EngineError) -> DifferentiableNetwork {
    try DifferentiableNetwork(
      Network(architecture), parameters: weights.thawed, preconditioning: preconditioning, engine: engine,
      batch: batch)
  }

  /// Whether a name is a path by its looks.
  static func isPath(_ name: String) -> Bool { name.contains("/") || name.hasSuffix(".safetensors") }

  /// The file that `--model` means: a path, or a name looked up in `folders` with `.safetensors` added.
  /// - Throws: `SurprisalError.noModel`.
  public static func locate(_ name: String, in folders: [String]) throws(SurprisalError) -> String {
    if isPath(name) || FileManager.default.fileExists(atPath: name) { return name }
    let candidates = folders.map { "\($0)/\(name).safetensors" }
    if let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) { return found }
    throw .noModel(name: name, looked: candidates)
  }
}
