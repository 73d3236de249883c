// `import Surprisal` is all that a program needs: the public declarations of the layers below come with it. What is
// public there is for users; what the layers have for each other is `package`.
@_exported import Cache
@_exported import Detection
@_exported import Diffusion
@_exported import Encoders
@_exported import Files
@_exported import Images
@_exported import Reports
@_exported import ScoreModel
@_exported import Tensors
