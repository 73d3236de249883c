import Detection
import Diffusion
import Foundation
import Images
import Reports

/// Why an image scores as it does: what its surprisal is made of, what every statistic says, at which noise levels it
/// stands out, and where.
public struct ImageExplanation: Sendable {
  /// What a statistic says.
  public struct Score: Sendable {
    public let statistic: StatisticName
    public let score: Double
    public let pValue: Double
    /// What stands out, in words.
    public let reason: String
  }

  /// At the model's size.
  public let image: Bitmap
  public let estimate: SurprisalEstimate
  /// Of the statistics that the model is calibrated for.
  public let scores: [Score]
  /// The image's errors over noise levels, beside the population's.
  public let profile: [Record.Level]
  /// Bits of each pixel over its channels, `[height, width]`.
  public let map: [Double]
  /// The image as the model's encoder takes it, and how odd the patch at each of its pixels is, in units of ordinary images' oddest;
  /// else, of a model that was taught to mark damage, how many times as far each place is as ordinary. Nil where nothing says.
  public let seen: (image: Bitmap, oddness: [Double])?

  /// - Parameters:
  ///   - image: in the model's shape.
  ///   - seen: the same in the shape of the model's encoder (`Sight.shape`), to say what that sees; nil to leave it out.
  ///   - evaluations: nil for those of the model's first calibration with any; 16 where it was fitted to looks alone.
  /// - Throws: `SurprisalError.notCalibrated`, `EngineError`, `EncoderError`.
  public init(
    of image: Bitmap, seen: Bitmap? = nil, under model: Model, evaluations: Int? = nil,
    compute: Compute = Compute()
  ) throws {
    let wanted = evaluations ?? model.calibrations.first { $0.evaluations > 0 }?.evaluations
    let calibration = try wanted.map { try model.calibration(evaluations: $0) }
    let scorer = try Scorer(
      model, evaluations: wanted ?? EvaluationBudget.standardCount, compute: compute)
    let batch = ImageBatch(shape: model.shape, images: [image])
    let estimate = try scorer.estimate(batch, withMap: true)[0]
    self.image = image
    self.estimate = estimate
    var scores = Self.scores(estimate, calibration, scorer)
    var patches: (Bitmap, [Double])?
    if let look = model.calibrations.first(where: { $0.evaluations == 0 }) {
      let looking = scorer.with(evaluations: 0)
      let found = try looking.estimate(batch)[0]
      if wanted != 0 { scores += Self.scores(found, look, looking) }
      patches = look.oddness(found, looking.form).map { (image, $0) }
    }
    if let seen, let sight = model.sight {
      let eyes = try Scorer(model, by: sight, compute: compute)
      let found = try eyes.estimate(ImageBatch(shape: sight.shape, images: [seen]))[0]
      scores = Self.scores(found, sight.calibration, eyes) + scores
      patches = sight.calibration.oddness(found, sight.form).map { (seen, $0) }
    }
    self.scores = scores
    self.seen = patches
    profile = calibration?.profile.levels(estimate, scorer.quadrature) ?? []
    let channels = image.channels
    map = (0..<image.height * image.width).map { pixel in
      (0..<channels).reduce(0.0) { $0 + estimate.map[pixel * channels + $1] }
    }
  }

  private static func scores(
    _ estimate: SurprisalEstimate, _ calibration: Calibration?, _ scorer: Scorer
  ) -> [Score] {
    guard let calibration else { return [] }
    return calibration.names.map { statistic in
      let score = calibration.score(estimate, by: statistic)
      return Score(
        statistic: statistic, score: score, pValue: calibration.pValue(score, by: statistic),
        reason: calibration.words(estimate, by: statistic, scorer.form))
    }
  }

  /// The most bits that a pixel has: the top of the picture's colour bar.
  public var mostBits: Double { max(map.max() ?? 0, 1e-9) }

  /// The image, beside it its map in bits a pixel, and a colour bar; then the same of how odd its places are.
  public var picture: Bitmap {
    let scale = max(1, 256 / image.height)
    let heat = HeatMap.bitmap(map, width: image.width, height: image.height, most: mostBits)
    var pictures = [
      image.enlarged(by: scale), heat.enlarged(by: scale),
      HeatMap.bar(height: image.height * scale, most: mostBits),
    ]
    if let (image, oddness) = seen {
      let most = max(oddness.max() ?? 0, 1e-9)
      let scale = max(1, 256 / image.height)
      let heat = HeatMap.bitmap(oddness, width: image.width, height: image.height, most: most)
      pictures += [
        image.enlarged(by: scale), heat.enlarged(by: scale),
        HeatMap.bar(height: image.height * scale, most: most),
      ]
    }
    return HeatMap.beside(pictures)
  }
}

extension Model {
  /// The code length of one image by the probability-flow ODE: the other road to its surprisal.
  ///
  /// - Parameters:
  ///   - image: in the model's shape.
  ///   - replicates: independent dequantisations and divergence probes.
  /// - Throws: `EngineError`.
  public func density(
    of image: Bitmap, solver: ProbabilityFlow.Solver = .adaptive(tolerance: 1e-3),
    dequantisation: ProbabilityFlow.Dequantisation = .uniform, replicates: Int = 4,
    compute: Compute = Compute()
  ) throws -> ProbabilityFlow.Estimate {
    let flow = ProbabilityFlow(
      range: range, moments: moments, solver: solver, dequantisation: dequantisation, replicates: replicates)
    return try flow.estimate(image, under: differentiableDenoiser(engine: compute.engine(), batch: 1))
  }
}
