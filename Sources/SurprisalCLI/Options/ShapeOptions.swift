import ArgumentParser
import Surprisal

/// At which size images are taken.
struct ShapeOptions: ParsableArguments {
  @Option(
    help:
      """
      Image size, N or WxH; multiples of 4 from 16 to 128 (default: the images' own where all have the same of 16 to 64, else 32; where a \
      network is fitted or trained, that of 32, 64 and 128 at which it tells made-up flaws best).
      """
  )
  var size: String?
  @Option(help: "gray or rgb (default: rgb, or as the images are where a network is fitted or trained).")
  var channels: String?

  func validate() throws {
    _ = try sides()
    _ = try colours()
  }

  /// Width and height; nil where none is given.
  func sides() throws -> (Int, Int)? { try Self.sides(size, "--size") }

  /// - Parameter option: named in errors.
  static func sides(_ size: String?, _ option: String) throws -> (Int, Int)? {
    guard let size else { return nil }
    let sides = size.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard let first = sides.first ?? nil, let last = sides.last ?? nil, sides.count <= 2 else {
      throw ValidationError("\(option) \(size): give N or WxH")
    }
    return (first, last)
  }

  /// 1 or 3; nil where none is given.
  func colours() throws -> Int? {
    switch channels {
    case nil: nil
    case "gray": 1
    case "rgb": 3
    default: throw ValidationError("--channels must be gray or rgb")
    }
  }

  var isGiven: Bool { size != nil || channels != nil }

  func fitted() throws -> FittedShape {
    var shape = FittedShape()
    if let (width, height) = try sides() {
      if let refusal = ImageShape(height: height, width: width, channels: 3).refusal {
        throw ValidationError(refusal)
      }
      shape.size = (width, height)
    }
    shape.channels = try colours()
    return shape
  }
}

extension FittedShape.Choice {
  /// The choice as people are told of it; nil where there was none.
  var words: String? {
    let size = "images are taken at \(width)x\(height)"
    switch alignment?.kind {
    case .placed:
      return "\(size), what each shows moved to the middle: \(reason) (--align and --size say otherwise)"
    case .turned:
      return
        "\(size), what each shows moved to the middle and turned alike: \(reason) (--align and --size say otherwise)"
    case nil: return isGiven ? nil : "\(size): \(reason) (--size says otherwise)"
    }
  }
}
