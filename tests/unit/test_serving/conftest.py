from hypothesis import settings

# No deadline: what a property says must not depend on how busy the machine is.
settings.register_profile("serving", deadline=None)
settings.load_profile("serving")
