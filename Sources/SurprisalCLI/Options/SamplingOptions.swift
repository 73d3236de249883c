import ArgumentParser
import Surprisal

/// How images are drawn.
struct SamplingOptions: ParsableArguments {
  @Option(
    name: .customLong("noise"),
    help: "s of the family: 0 the ODE, 1 the reverse SDE, any s >= 0 (default \(Sampling.stochasticity)).")
  var givenNoise: Double?
  @Option(name: .customLong("steps"), help: "Steps of the noise-level grid (default \(Sampling.steps)).")
  var givenSteps: Int?
  @Option(name: .customLong("seed"), help: "Seed of every random draw (default \(Sampling.seed)).")
  var givenSeed: UInt64?

  var noise: Double { givenNoise ?? Sampling.stochasticity }
  var steps: Int { givenSteps ?? Sampling.steps }
  var seed: UInt64 { givenSeed ?? Sampling.seed }
  var isGiven: Bool { givenNoise != nil || givenSteps != nil || givenSeed != nil }

  func validate() throws {
    if !(noise >= 0 && noise.isFinite) { throw ValidationError("--noise must be at least 0") }
    if steps < 2 { throw ValidationError("--steps must be at least 2") }
  }
}
