import ArgumentParser
import Surprisal

/// How the network computes.
struct ComputeOptions: ParsableArguments {
  @Option(
    help: """
      f32, f32-direct (no Winograd), or bf16 where the processor has it (default: the faster of f32 and bf16).
      """)
  var precision: Precision?

  @Option(
    help:
      "Threads for the network (default: the cores that this process may use, at most its container's share)."
  )
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be from 1 to 1024")
    }
    if precision == .bfloat16, !Precision.hasBFloat16 {
      throw ValidationError("--precision bf16: this processor has no bfloat16 arithmetic")
    }
  }

  var compute: Compute { Compute(threads: threads, precision: precision ?? .fastest) }
}
