import Foundation
import Images
import ScoreModel
import Tensors

/// The other road to the log-probability: the density transported by the probability-flow ODE (Song et al. 2021,
/// arXiv 2011.13456, section 4.3), with Hutchinson's estimate of its divergence.
///
/// In u = ln sigma,
///
///     dz/du = z - yhat(z)        d ln p(z) / du = -(d - tr dyhat/dz)
///
/// so ln p at the lowest level is ln N(z; mu, T + S) at the highest plus the integral of `d - v^T (dyhat/dz) v`,
/// v random signs held fixed along the path. A code length of the 8-bit image needs a dequantisation, stated with
/// each result. It is an independent check on the integral at hundreds of evaluations, not the default.
public struct ProbabilityFlow: Sendable {
  /// How a density becomes a code length of 8-bit values.
  public enum Dequantisation: String, Sendable, CaseIterable {
    /// z uniform within its grey level's cell of width D = 2/255, the density taken at sigma = 0.75 D, where the
    /// grid is no longer visible: `-ln P(v) <= E[ -ln p(z) ] - d ln D` (Jensen).
    case uniform
    /// z = y + sigma_0 eps, as the integral starts: `-ln P(v) <= E[ ln N(z; y, sigma_0^2) - ln p(z) ] + decoder`.
    /// The first two terms are what the integral and prior stand for, so both roads end at one number.
    case gaussian
  }

  /// How the ODE is solved.
  public enum Solver: Sendable, Equatable {
    /// Heun's second-order method on `steps` even steps of ln sigma: two evaluations a step.
    case heun(steps: Int)
    /// Bogacki and Shampine's embedded third-order pair (1989), steps chosen so that the local error of z, relative
    /// to `1 + sigma`, and of ln p, relative to d, stays below the tolerance.
    case adaptive(tolerance: Double)
  }

  /// One image's result.
  public struct Estimate: Sendable {
    /// Code length in bits/dim under the dequantisation.
    public let bitsPerDim: Double
    /// Over the replicates; nil with one.
    public let standardError: Double?
    public let evaluations: Int
  }

  public let range: NoiseLevelRange
  public let moments: PopulationMoments
  public let solver: Solver
  public let dequantisation: Dequantisation
  /// Independent dequantisations and sign vectors.
  public let replicates: Int
  public let seed: UInt64

  public init(
    range: NoiseLevelRange, moments: PopulationMoments, solver: Solver = .heun(steps: 64),
    dequantisation: Dequantisation = .uniform, replicates: Int = 1, seed: UInt64 = 0
  ) {
    self.range = range
    self.moments = moments
    self.solver = solver
    self.dequantisation = dequantisation
    self.replicates = replicates
    self.seed = seed
  }

  /// Where along the path, and what has been gathered.
  private struct State {
    var z: [Float]
    /// Integral of d - tr so far.
    var divergence = 0.0
  }

  private var lowest: Double {
    dequantisation == .uniform ? Double(Preconditioning.gridVisibleBelow) : range.lower
  }

  /// The code length of one 8-bit image.
  /// - Throws: what the denoiser throws.
  public func estimate(_ image: Bitmap, under denoiser: some DifferentiableDenoiser) throws -> Estimate {
    let values = image.pixels
    let d = Double(values.count)
    let grey = Double(Preconditioning.greyLevel)
    var bits: [Double] = []
    var evaluations = 0
    for replicate in 0..<replicates {
      var random = RandomSource(seed: seed, stream: 0x4F44_4500 &+ UInt64(replicate) << 32)
      let clean = values.map { Float($0) / 127.5 - 1 }
      let signs: [Float] = values.map { _ in random.next() & 1 == 0 ? 1 : -1 }
      var start = clean
      // ln q(z | y), nats, and what is left for the decoder.
      var known = 0.0
      switch dequantisation {
      case .uniform:
        for i in start.indices { start[i] += Float(grey * (random.uniform() - 0.5)) }
        known = -d * log(grey)
      case .gaussian:
        let noise = random.normal(values.count)
        for i in start.indices {
          start[i] += Float(range.lower) * noise[i]
          known -= 0.5 * Double(noise[i] * noise[i])
          known += log(2) * LogProbability.decoderBits(noise[i], value: values[i], sigma: range.lower)
        }
        known -= 0.5 * d * log(2 * Double.pi * range.lower * range.lower)
      }
      let (density, spent) = try logDensity(of: start, at: lowest, signs: signs, under: denoiser)
      evaluations += spent
      bits.append((known - density) / (d * log(2)))
    }
    let mean = bits.reduce(0, +) / Double(bits.count)
    let square = bits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Estimate(
      bitsPerDim: mean,
      standardError: replicates > 1 ? (square / Double(replicates * (replicates - 1))).squareRoot() : nil,
      evaluations: evaluations)
  }

  /// ln p of z at a noise level, nats.
  /// - Parameter signs: v, `[d]` of -1 and 1.
  public func logDensity(
    of z: [Float], at sigma: Double, signs: [Float], under denoiser: some DifferentiableDenoiser
  ) throws -> (nats: Double, evaluations: Int) {
    var evaluations = 0
    func slope(_ state: State, _ u: Double) throws -> (z: [Float], divergence: Double) {
      evaluations += 1
      let (clean, gradient) = try denoiser.pullBack(signs, at: state.z, sigma: Float(exp(u)))
      var trace = 0.0
      for i in signs.indices { trace += Double(gradient[i] * signs[i]) }
      return (zip(state.z, clean).map { $0 - $1 }, Double(state.z.count) - trace)
    }
    let (first, last) = (log(sigma), log(range.upper))
    let end: State
    switch solver {
    case .heun(let steps):
      end = try Self.heun(State(z: z), from: first, to: last, steps: max(steps, 1), slope)
    case .adaptive(let tolerance):
      end = try Self.bogackiShampine(State(z: z), from: first, to: last, tolerance: tolerance, slope)
    }
    var nats = end.divergence
    for (i, value) in end.z.enumerated() {
      let variance = range.upper * range.upper + Double(moments.variance[i])
      let difference = Double(value - moments.mean[i])
      nats -= 0.5 * (difference * difference / variance + log(2 * Double.pi * variance))
    }
    return (nats, evaluations)
  }

  private typealias Slope = (z: [Float], divergence: Double)

  private static func moved(_ state: State, _ step: Double, _ slopes: [(Double, Slope)]) -> State {
    var result = state
    for (share, slope) in slopes {
      let h = Float(step * share)
      for i in result.z.indices { result.z[i] += h * slope.z[i] }
      result.divergence += step * share * slope.divergence
    }
    return result
  }

  private static func heun(
    _ start: State, from first: Double, to last: Double, steps: Int, _ slope: (State, Double) throws -> Slope
  ) throws -> State {
    var state = start
    let h = (last - first) / Double(steps)
    for index in 0..<steps {
      let u = first + Double(index) * h
      let one = try slope(state, u)
      let two = try slope(moved(state, h, [(1, one)]), u + h)
      state = moved(state, h, [(0.5, one), (0.5, two)])
    }
    return state
  }

  private static func bogackiShampine(
    _ start: State, from first: Double, to last: Double, tolerance: Double,
    _ slope: (State, Double) throws -> Slope
  ) throws -> State {
    var state = start
    var u = first
    var h = min(0.05, last - first)
    var one = try slope(state, u)
    while u < last - 1e-12 {
      h = min(h, last - u)
      let two = try slope(moved(state, h, [(0.5, one)]), u + h / 2)
      let three = try slope(moved(state, h, [(0.75, two)]), u + 0.75 * h)
      let next = moved(state, h, [(2.0 / 9, one), (1.0 / 3, two), (4.0 / 9, three)])
      let four = try slope(next, u + h)
      let other = moved(state, h, [(7.0 / 24, one), (0.25, two), (1.0 / 3, three), (0.125, four)])
      var square = 0.0
      for i in next.z.indices {
        let difference = Double(next.z[i] - other.z[i]) / (1 + exp(u))
        square += difference * difference
      }
      let count = Double(next.z.count)
      let error = max((square / count).squareRoot(), abs(next.divergence - other.divergence) / count)
      // A step below 1e-3 is taken as it is: where the grid bends the flow sharply, finer ones cost more than they tell.
      if error <= tolerance || h <= 1e-3 {
        u += h
        state = next
        one = four
      }
      h *= min(5, max(0.2, 0.9 * pow(tolerance / max(error, 1e-300), 1.0 / 3)))
      h = max(h, 1e-3)
    }
    return state
  }
}
