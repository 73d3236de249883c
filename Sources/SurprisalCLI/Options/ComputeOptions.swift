import ArgumentParser
import Surprisal

/// How the network computes.
struct ComputeOptions: ParsableArguments {
  @Option(
    help: """
      f32, f32-direct (no Winograd), or bf16 where the processor has it (default: the faster of f32 and bf16).
      """)
  var precision: Precision?

  @Option(help: "Threads for the network (default: all cores).")
  var threads: Int?

  func validate() throws {
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1") }
    if precision == .bfloat16, !Precision.hasBFloat16 {
      throw ValidationError("--precision bf16: this processor has no bfloat16 arithmetic")
    }
  }

  var compute: Compute { Compute(threads: threads, precision: precision ?? .fastest) }
}
