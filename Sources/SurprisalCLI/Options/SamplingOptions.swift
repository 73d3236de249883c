import ArgumentParser
import Surprisal

/// How images are drawn.
struct SamplingOptions: ParsableArguments {
  @Option(help: "s of the family: 0 the ODE, 1 the reverse SDE, any s >= 0.")
  var noise = Sampling.stochasticity
  @Option(help: "Steps of the noise-level grid.") var steps = Sampling.steps
  @Option(help: "Seed of every random draw.") var seed = Sampling.seed

  func validate() throws {
    if !(noise >= 0 && noise.isFinite) { throw ValidationError("--noise must be at least 0") }
    if steps < 2 { throw ValidationError("--steps must be at least 2") }
  }
}
