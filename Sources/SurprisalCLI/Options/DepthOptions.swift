import ArgumentParser
import Surprisal

/// How far down a network goes, and whether it looks at whole images there.
struct DepthOptions: ParsableArguments {
  @Option(
    help:
      "Resolutions, 2 to 5, or auto: as many as bring the lowest to 8 pixels (default: those of the network started from, or 3)."
  )
  var levels: String?
  @Option(
    help:
      "Heads of self-attention at the lowest resolution, auto (64 channels each) or none (default: as the network started from has)."
  )
  var attention: String?

  func validate() throws {
    if let levels, levels != "auto", Int(levels) == nil {
      throw ValidationError("--levels \(levels): give a number or auto")
    }
    if let attention, attention != "auto", attention != "none", Int(attention) ?? 0 < 1 {
      throw ValidationError("--attention \(attention): give a number of heads, auto or none")
    }
  }

  /// The training with what was given.
  func deepened(_ training: Training) -> Training {
    var training = training
    if let levels { training.levels = Int(levels) ?? Architecture.levels(seeing: training.shape) }
    switch attention {
    case nil: break
    case "none": training.attention = 0
    case "auto": training.attention = training.architecture.heads
    case let heads?: training.attention = Int(heads)
    }
    return training
  }
}
