import ArgumentParser
import Detection
import Diffusion
import Foundation
import Images
import ScoreModel
import Surprisal
import Tensors

/// Error against evaluations, for our estimator and two others on the same network and images.
struct CostBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cost",
    abstract: "Standard error and bias of bits/dim against evaluations, ours and others'.")

  @OptionGroup var subject: Subject
  @Option(help: "Independent repetitions.") var seeds = 8

  func run() throws {
    let (model, denoiser, images) = try subject.load()
    let truth = try model.formula(nodes: 32, replicates: 24, seed: 999).estimate(images, under: denoiser)
    print("\(truth.count) images, \(seeds) seeds; truth: \(truth[0].evaluations) evaluations an image,")
    print(
      String(
        format: "mean %.4f bits/dim, standard error %.4f an image", mean(truth.map(\.bitsPerDim)),
        mean(truth.compactMap(\.standardError))))
    print("                    ours             no control variate   random levels      logistic levels")
    print("evaluations    error    bias       error    bias       error    bias      error    bias")
    for count in [4, 8, 12, 16, 32, 64] {
      var row = String(format: "%11d", count)
      for method in [ours, plain, uniform, logistic] {
        let estimates = try (0..<seeds).map { seed in
          try method(model, count, UInt64(seed + 1)).estimate(images, under: denoiser).map(\.bitsPerDim)
        }
        let errors = truth.indices.map { image in deviation(estimates.map { $0[image] }) }
        let bias = mean(
          truth.indices.map { image in mean(estimates.map { $0[image] }) - truth[image].bitsPerDim })
        let error = mean(errors.map { $0 * $0 }).squareRoot()
        row += String(format: "   %8.4f %8.4f", error, bias)
      }
      print(row)
    }
  }

  private func ours(_ model: Model, _ count: Int, _ seed: UInt64) -> LogProbability {
    let replicates = count >= 8 ? 2 : 1
    return model.formula(nodes: count / replicates, replicates: replicates, seed: seed)
  }

  /// The same nodes without the control variate.
  private func plain(_ model: Model, _ count: Int, _ seed: UInt64) -> LogProbability {
    let whole = ours(model, count, seed)
    return LogProbability(
      range: model.range, quadrature: whole.quadrature, replicates: whole.plan.replicates,
      noise: whole.plan.noise, moments: model.moments)
  }

  private func randomLevels(_ model: Model, _ seed: UInt64, _ sigmas: [Double], _ weights: [Double])
    -> LogProbability
  {
    LogProbability(
      range: model.range, quadrature: Quadrature(sigmas: sigmas, weights: weights), replicates: 1,
      noise: CommonNoise(seed: seed), moments: model.moments)
  }

  /// ln sigma uniform over the range.
  private func uniform(_ model: Model, _ count: Int, _ seed: UInt64) -> LogProbability {
    var random = RandomSource(seed: seed, stream: 0x554E_4946)
    let length = log(model.range.upper / model.range.lower)
    let sigmas = (0..<count).map { _ in model.range.lower * exp(length * random.uniform()) }
    return randomLevels(model, seed, sigmas, sigmas.map { _ in length / Double(count) })
  }

  /// The log signal-to-noise ratio from a logistic distribution with the moments that a Gaussian population's
  /// spectrum gives, truncated to the range (Kong et al. 2023, "Information-Theoretic Diffusion", section 3).
  private func logistic(_ model: Model, _ count: Int, _ seed: UInt64) -> LogProbability {
    var random = RandomSource(seed: seed, stream: 0x4C4F_4749)
    let logs = (model.control?.variate.spectrum ?? []).map { log(Double(max($0, 1e-6))) }
    let location = -mean(logs)
    let scale = (1 + 3 / (Double.pi * Double.pi) * deviation(logs) * deviation(logs)).squareRoot()
    func cumulative(_ x: Double) -> Double { 1 / (1 + exp(-(x - location) / scale)) }
    let (low, high) = (cumulative(-2 * log(model.range.upper)), cumulative(-2 * log(model.range.lower)))
    var sigmas: [Double] = []
    var weights: [Double] = []
    for _ in 0..<count {
      let q = low + (high - low) * random.uniform()
      let snr = location + scale * log(q / (1 - q))
      let density = q * (1 - q) / scale / (high - low)
      sigmas.append(exp(-snr / 2))
      // d ln sigma = d snr / 2.
      weights.append(0.5 / density / Double(count))
    }
    return randomLevels(model, seed, sigmas, weights)
  }
}

/// How often the nominal interval holds the long-run mean.
struct CoverageBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coverage", abstract: "Coverage of the 95 % interval at 16 evaluations over 200 seeds.")

  @OptionGroup var subject: Subject
  @Option var seeds = 200

  func run() throws {
    let (model, denoiser, images) = try subject.load()
    var estimates: [[SurprisalEstimate]] = []
    for seed in 0..<seeds {
      estimates.append(
        try model.formula(nodes: 8, replicates: 2, seed: UInt64(seed)).estimate(images, under: denoiser))
    }
    var held = 0
    for image in estimates[0].indices {
      let center = mean(estimates.map { $0[image].bitsPerDim })
      held += estimates.count { abs($0[image].bitsPerDim - center) <= ($0[image].halfWidth() ?? 0) }
    }
    let all = estimates.count * estimates[0].count
    print(
      String(
        format: "%d images, %d seeds: the interval holds the long-run mean %.1f %% of the time",
        estimates[0].count, seeds, 100 * Double(held) / Double(all)))
    print(
      String(
        format: "mean standard error %.4f, degrees of freedom %.1f; deviation over seeds %.4f",
        mean(estimates.flatMap { $0.compactMap(\.standardError) }),
        mean(estimates.flatMap { $0.compactMap(\.degreesOfFreedom) }),
        mean(estimates[0].indices.map { image in deviation(estimates.map { $0[image].bitsPerDim }) })))
  }
}

/// Bits/dim against sigma_0.
struct DecoderBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sigma", abstract: "Bits/dim, integral and decoder against sigma_0.")

  @OptionGroup var subject: Subject

  func run() throws {
    let (model, denoiser, images) = try subject.load()
    print("sigma_0    bits/dim     +-    integral   decoder")
    for lower in [0.0005, 0.0007, 0.001, 0.0014, 0.002, 0.003, 0.004] {
      let range = NoiseLevelRange(lower: lower, upper: model.range.upper)
      let formula = LogProbability(
        range: range,
        quadrature: .twoPanels(48, over: range, knee: 3 * Double(model.preconditioning.deviation)),
        replicates: 8, noise: model.noise, moments: model.moments, control: model.control)
      let found = try formula.estimate(images, under: denoiser)
      print(
        String(
          format: "%.4f   %8.4f  %.4f   %8.4f  %8.4f", lower, mean(found.map(\.bitsPerDim)),
          mean(found.compactMap(\.standardError)), mean(found.map(\.integral)), mean(found.map(\.decoder))))
    }
  }
}

/// The integral beside the probability-flow ODE.
struct RoadsBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roads", abstract: "The integral and the ODE on the same images.")

  @OptionGroup var subject: Subject
  @Option var steps = 64
  @Flag(help: "Also with uniform dequantisation, by either solver.") var uniform = false

  func run() throws {
    let (model, denoiser, images) = try subject.load()
    let integral = try model.formula(nodes: 16, replicates: 4, seed: 1).estimate(images, under: denoiser)
    let differentiable = try model.differentiableDenoiser(engine: try Engine(), batch: 1)
    var roads = [(ProbabilityFlow.Dequantisation.gaussian, ProbabilityFlow.Solver.heun(steps: steps))]
    if uniform { roads += [(.uniform, .heun(steps: steps)), (.uniform, .adaptive(tolerance: 1e-3))] }
    for (dequantisation, solver) in roads {
      let flow = ProbabilityFlow(
        range: model.range, moments: model.moments, solver: solver, dequantisation: dequantisation)
      var differences: [Double] = []
      var evaluations = 0
      for (index, estimate) in integral.enumerated() {
        let other = try flow.estimate(images[index], under: differentiable)
        differences.append(estimate.bitsPerDim - other.bitsPerDim)
        evaluations += other.evaluations
      }
      print(
        String(
          format:
            "%@, %@: integral - ODE %+.4f bits/dim (standard error %.4f), above for %d of %d, %d evaluations",
          dequantisation.rawValue as NSString, "\(solver)" as NSString, mean(differences),
          deviation(differences) / Double(differences.count).squareRoot(), differences.count { $0 > 0 },
          differences.count, evaluations / differences.count))
    }
  }
}

/// Verdicts under `auto` beside those at the ladder's last stage.
struct AutoBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "auto", abstract: "Verdicts and cost of --evaluations auto beside 64 for every image.")

  @OptionGroup var subject: Subject
  @Option(parsing: .upToNextOption, help: "Images that do not belong; 1 % of --limit are mixed in.")
  var outliers: [String]
  @Option var fpr = 0.01

  func run() throws {
    let model = try Model(path: subject.model)
    let some = max(subject.limit / 100, 1)
    var images = try Subject.read(subject.images, model.shape, subject.limit - some)
    images.append(contentsOf: try Subject.read(outliers, model.shape, some))
    func verdicts(_ budget: EvaluationBudget) throws -> (flags: [Bool], evaluations: Double) {
      let judge = try Judge(model, budget: budget, rate: fpr)
      let found = try images.parts(of: judge.batch).flatMap { try judge.judge(images[$0]) }
      return (found.map { $0.pValue <= fpr }, mean(found.map { Double($0.evaluations) }))
    }
    let (all, cost) = try verdicts(.fixed(EvaluationBudget.ladder[EvaluationBudget.ladder.count - 1]))
    let (auto, less) = try verdicts(.auto)
    let (middle, _) = try verdicts(.fixed(16))
    let same = zip(all, auto).count { $0 == $1 }
    print(
      String(
        format: "%d images, %d outliers among them, --fpr %g: auto agrees with %.0f evaluations on %.2f %%",
        all.count, some, fpr, cost, 100 * Double(same) / Double(all.count)))
    print(
      String(
        format:
          "evaluations an image: %.2f, a share of %.3f; flagged %d and %d; 16 for all agrees on %.2f %%",
        less, less / cost, auto.count { $0 }, all.count { $0 },
        100 * Double(zip(all, middle).count { $0 == $1 }) / Double(all.count)))
  }
}
