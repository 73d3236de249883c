import Files
import Foundation
import Images
import Reports

extension Record {
  /// What an image's content says of it: all but where it lies, and what is known when all p-values are.
  func pack(_ packer: inout Packer) {
    packer.add(error)
    packer.add(bitsPerDim)
    packer.add(standardError)
    packer.add(evaluations)
    packer.add(statistic)
    packer.add(score)
    packer.add(pValue)
    packer.add(tailPValue)
    packer.add(reason)
    packer.add(profile) { packer, levels in
      packer.add(each: levels) { packer, level in
        packer.add(level.sigma)
        packer.add(level.bitsPerDim)
        packer.add(level.z)
      }
    }
    packer.add(width)
    packer.add(height)
    packer.add(format)
    packer.add(warning)
    packer.add(known)
    packer.add(troubles) { packer, troubles in
      packer.add(each: troubles) { packer, trouble in
        packer.add(trouble.name)
        packer.add(trouble.pValue)
        packer.add(trouble.reason)
        packer.add(trouble.isNamed)
      }
    }
    packer.add(relativeTo)
    packer.add(tiles)
  }

  init(file: FilePath, _ unpacker: inout Unpacker) throws(Unpacker.Cut) {
    if let error = try unpacker.takeIfThere(String.self) {
      self.init(file: file, error: error)
    } else {
      self.init(file: file)
    }
    bitsPerDim = try unpacker.takeIfThere()
    standardError = try unpacker.takeIfThere()
    evaluations = try unpacker.takeIfThere()
    statistic = try unpacker.takeIfThere(String.self)
    score = try unpacker.takeIfThere()
    pValue = try unpacker.takeIfThere()
    tailPValue = try unpacker.takeIfThere()
    reason = try unpacker.takeIfThere(String.self)
    profile = try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in
      try unpacker.takeEach { unpacker throws(Unpacker.Cut) in
        Level(sigma: try unpacker.take(), bitsPerDim: try unpacker.take(), z: try unpacker.take())
      }
    }
    width = try unpacker.takeIfThere()
    height = try unpacker.takeIfThere()
    format = try unpacker.takeIfThere(String.self)
    warning = try unpacker.takeIfThere(String.self)
    known = try unpacker.takeIfThere(String.self)
    troubles = try unpacker.takeIfThere { unpacker throws(Unpacker.Cut) in
      try unpacker.takeEach { unpacker throws(Unpacker.Cut) in
        Trouble(
          name: try unpacker.take(String.self), pValue: try unpacker.take(),
          reason: try unpacker.take(String.self), isNamed: try unpacker.take(Bool.self))
      }
    }
    relativeTo = try unpacker.takeIfThere(String.self)
    tiles = try unpacker.takeIfThere()
  }
}
