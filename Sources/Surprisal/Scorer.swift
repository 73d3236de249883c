import Detection
import Diffusion
import Images
import ScoreModel
import Tensors

/// A model ready to score, sample and explain. Use from one thread at a time.
public final class Scorer {
  public let model: Model
  public let formula: LogProbability
  let network: ScoreNetwork
  var precision: Precision { network.precision }

  /// Images scored in one call for best use of the machine.
  public static let batch = 32

  /// - Parameter evaluations: network evaluations an image.
  /// - Throws: `EngineError`.
  public init(
    _ model: Model, evaluations: Int, precision: Precision = .fastest, engine: Engine
  ) throws(EngineError) {
    self.model = model
    formula = Self.formula(model, evaluations: evaluations)
    network = try model.denoiser(engine: engine, precision: precision)
  }

  private init(_ model: Model, formula: LogProbability, network: ScoreNetwork) {
    self.model = model
    self.formula = formula
    self.network = network
  }

  /// The same network with another number of evaluations.
  public func with(evaluations: Int) -> Scorer {
    Scorer(model, formula: Self.formula(model, evaluations: evaluations), network: network)
  }

  private static func formula(_ model: Model, evaluations: Int) -> LogProbability {
    let spend = Evaluations(evaluations)
    return LogProbability(
      range: model.range,
      quadrature: model.control.map { .placed(spend.nodes, by: $0.survey) }
        ?? .twoPanels(spend.nodes, over: model.range, knee: 3 * Double(model.preconditioning.deviation)),
      replicates: spend.replicates, noise: model.noise, moments: model.moments, control: model.control,
      shape: model.shape)
  }

  /// Scores 8-bit images `[N, d]`, and measures each as a PNG file.
  public func estimate(_ images: [UInt8], withMap: Bool = false) throws -> [SurprisalEstimate] {
    let shape = model.shape
    var estimates = try formula.estimate(images, under: network, withMap: withMap)
    for index in estimates.indices {
      let bitmap = Bitmap(
        width: shape.width, height: shape.height, channels: shape.channels,
        pixels: Array(images[index * shape.count..<(index + 1) * shape.count]))
      estimates[index].compressedBitsPerDim = Double(try bitmap.png().count * 8) / Double(shape.count)
    }
    return estimates
  }

  /// Draws images `[N, d]`, 8-bit.
  public func sample(
    _ count: Int, noise: Double, steps: Int, seed: UInt64, progress: (Int, Int) -> Void = { _, _ in }
  ) throws -> [UInt8] {
    let diffusion = ReverseDiffusion(steps: steps, range: model.range, noise: noise, seed: seed)
    let images = try diffusion.sample(count, from: network, start: model.moments.mean, progress: progress)
    return images.map { UInt8(min(max((($0 + 1) * 127.5).rounded(), 0), 255)) }
  }

  /// Time of each layer for one batch.
  public func profile(rounds: Int) throws -> [(layer: String, kernel: String, seconds: Double)] {
    try network.profile(rounds: rounds)
  }
}
