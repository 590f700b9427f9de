"""Result files: PySOT's box files, per-frame details, and the manifest that says what made them.

    <output>/<dataset>/<tracker>/<sequence>.txt           x,y,w,h per frame, in the benchmark's own origin
    <output>/<dataset>/<tracker>/details/<sequence>.csv   scores, verdict and template per frame
    <output>/<dataset>/<tracker>/manifest.json            settings, versions, device, and times per sequence

Every file appears whole or not at all. The box file is written last, so that where it exists the rest does too.

Other toolkits' files: `layout` finds them under a folder, `formats` reads and writes them, `submit` packs them for
evaluation servers.
"""
